//! The real binary as a process.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::wait::eventually;

/// A running controller; killed when it is dropped.
pub struct Controller {
    child: Child,
    /// Where it serves metrics and health.
    pub address: String,
    log: PathBuf,
}

impl Controller {
    /// Starts one and waits until it watches.
    pub(super) async fn start(directory: &Path, environment: BTreeMap<String, String>) -> Self {
        let controller = Self::spawn(directory, environment);
        eventually("a ready controller", || async {
            let answer = reqwest::get(format!("http://{}/readyz", controller.address)).await;
            let answer = answer.map_err(|error| error.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
        })
        .await;
        controller
    }

    fn spawn(directory: &Path, environment: BTreeMap<String, String>) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").to_string();
        let log = directory.join("controller.log");
        let file: File = OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let child = Command::new(env!("CARGO_BIN_EXE_stepgate"))
            .arg("controller")
            .env_clear()
            .envs(environment)
            .env("STEPGATE_LISTEN", &address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        Self { child, address, log }
    }

    /// Kills it at once, as the kernel does when memory is short.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop and waits for its exit.
    pub async fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        eventually("a graceful end", || {
            let ended = self.child.try_wait().expect("a child");
            async move { ended.ok_or_else(|| "still running".to_owned()) }
        })
        .await
    }

    /// Whether the process is alive.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Everything it and its predecessors in this test logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its metrics.
    pub async fn metrics(&self) -> String {
        let answer = reqwest::get(format!("http://{}/metrics", self.address)).await.expect("metrics");
        answer.text().await.expect("text")
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
