//! A clock that jumps: checks come at their pace, the Lease is kept, changes are applied.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::samples::{REGION, started_at};
use crate::world::{Answer, MachineKind, World, eventually, post};

/// The time of the day, shifted by the seconds that a file says; other clocks run on, as the kernel's do.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    char text[32] = {0};
    const char *path = getenv("CLOCK_SHIFT");
    if (failed || clock != CLOCK_REALTIME || !path) return failed;
    int file = open(path, O_RDONLY);
    if (file < 0) return failed;
    if (read(file, text, sizeof(text) - 1) > 0) now->tv_sec += atol(text);
    close(file);
    return failed;
}
"#;

fn shim(world: &World) -> PathBuf {
    let (source, library) = (world.directory.join("clock.c"), world.directory.join("clock.so"));
    std::fs::write(&source, SHIM).expect("a file");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(built.expect("cc, which Rust needs, too").success());
    library
}

#[tokio::test]
async fn clock_that_jumps_by_hours_changes_neither_checks_nor_leadership() {
    let world = World::new("clock").await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let (library, shift) = (shim(&world), world.directory.join("shift"));
    std::fs::write(&shift, "0").expect("a file");
    let (library, file) = (library.display().to_string(), shift.display().to_string());
    let variables = [("LD_PRELOAD", library.as_str()), ("CLOCK_SHIFT", &file), ("STEPGATE_CHECK_INTERVAL", "1s")];
    let mut controller = world.controller_with(&variables).await;
    let checks = async || world.aws.calls().await.iter().filter(|(_, name)| name == "GetStages").count();
    for (number, hours) in [0_i64, 10, -10, 24 * 400].into_iter().enumerate() {
        let path = format!("/run-{number}");
        std::fs::write(&shift, format!("{}", hours * 3600)).expect("a file");
        world.kube.apply_spec("api", &started_at(&world, &path)).await.expect("it applies");
        let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
        assert!(url.ends_with(&path), "{url}");
        Answer::until(200, || post(&url, "application/json", "{}")).await;
        // The clock is really another one.
        let log = controller.log();
        let last = log.lines().last().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let said = last.and_then(|line| line["timestamp"].as_str().map(str::to_owned)).expect("a time");
        let said: k8s_openapi::jiff::Timestamp = said.parse().expect("a time");
        let ahead = said.as_second() - k8s_openapi::jiff::Timestamp::now().as_second();
        assert!((ahead - hours * 3600).abs() < 60, "{ahead} s ahead, {hours} h ordered");

        world.aws.forget_calls().await;
        let start = Instant::now();
        let made = eventually("two checks", || async {
            let made = checks().await;
            if made >= 2 { Ok(made) } else { Err(made.to_string()) }
        })
        .await;
        // An interval may be a tenth shorter.
        let most = start.elapsed().as_secs_f64() / 0.9 + 2.0;
        println!("{hours} h: {made} checks in {:.1} s", start.elapsed().as_secs_f64());
        assert!(made as f64 <= most, "{made} checks in {:?}, one is due each second", start.elapsed());
        assert_eq!(world.aws.writes().await, []);
        assert!(controller.is_running());
        controller.until_ready_with("leader").await;
    }
    // A process of the right time follows one of the wrong time at once.
    controller.kill();
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &started_at(&world, "/after")).await.expect("it applies");
    eventually("the change", || async {
        let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
        if url.ends_with("/after") { Ok(()) } else { Err(url) }
    })
    .await;
}
