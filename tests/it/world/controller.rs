//! The real binary as a process.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::wait::eventually;

const IDENTITY: &str = "STEPGATE_LEADER_ELECTION_IDENTITY";

/// A running controller; killed when it is dropped.
pub struct Controller {
    child: Child,
    /// Where it serves metrics and health.
    pub address: String,
    log: PathBuf,
}

impl Controller {
    /// Waits until it watches.
    pub async fn until_ready(&self) {
        eventually("a ready controller", || async {
            let answer = reqwest::get(format!("http://{}/readyz", self.address)).await;
            let answer = answer.map_err(|error| error.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
        })
        .await;
    }

    /// Waits until it is ready and says these words.
    pub async fn until_ready_with(&self, words: &str) {
        eventually(&format!("readyz with {words:?}"), || async {
            let answer = reqwest::get(format!("http://{}/readyz", self.address)).await;
            let answer = answer.map_err(|error| error.to_string())?;
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            if status == 200 && text.contains(words) { Ok(()) } else { Err(format!("{status} {text}")) }
        })
        .await;
    }

    /// Waits until it says that it is not ready, with these words.
    pub async fn until_not_ready(&self, words: &str) -> String {
        eventually(&format!("readyz with {words:?}"), || async {
            let answer = reqwest::get(format!("http://{}/readyz", self.address)).await;
            let answer = answer.map_err(|error| error.to_string())?;
            let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
            if status == 503 && text.contains(words) { Ok(text) } else { Err(format!("{status} {text}")) }
        })
        .await
    }

    pub(super) fn spawn(directory: &Path, environment: BTreeMap<String, String>) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").to_string();
        let log = directory.join(format!("{}.log", environment.get(IDENTITY).map_or("controller", String::as_str)));
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

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Asks it to stop and waits for its exit.
    pub async fn terminate(mut self) -> std::process::ExitStatus {
        self.signal("TERM");
        eventually("a graceful end", || {
            let ended = self.child.try_wait().expect("a child");
            async move { ended.ok_or_else(|| "still running".to_owned()) }
        })
        .await
    }

    /// Waits until it has ended by itself with an error; answers its log.
    pub async fn ends_by_itself(mut self) -> String {
        let status = eventually("an end", || {
            let ended = self.child.try_wait().expect("a child");
            async move { ended.ok_or_else(|| "still running".to_owned()) }
        })
        .await;
        assert_eq!(status.code(), Some(1), "{status}");
        self.log()
    }

    /// Whether the process is alive.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Lines of the log that contain these words.
    pub fn log_lines(&self, words: &str) -> Vec<String> {
        self.log().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
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
