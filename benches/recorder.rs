//! What the recorder costs: the time that it adds to a request, and requests per second through it against a direct
//! connection. Both sides of each ratio are measured in one process, in turns.
//!
//! `cargo bench --bench recorder` prints them; absolute times depend on the machine.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use scimulate::server::{self, Settings};
use serde_json::json;
use tokio::task::JoinSet;

/// Requests of each side whose times are compared.
const REQUESTS: usize = 4000;

/// So many of one side before it is the other one's turn.
const TURN: usize = 50;

/// Connections at once where rates are compared.
const CONNECTIONS: usize = 8;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(problem) => return failed(&problem),
    };
    match runtime.block_on(compared()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => failed(problem.as_ref()),
    }
}

#[expect(clippy::print_stderr, reason = "a benchmark prints")]
fn failed(problem: &dyn Error) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn say(line: &str) {
    println!("{line}");
}

/// A recorder before a server, as users have it: a process of its own that judges and writes an event log.
struct Recorder {
    child: Child,
    base: String,
}

impl Recorder {
    fn start(upstream: &str, log: &str) -> Outcome<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .args(["record", "--quiet", "--overwrite", "--port", "0"])
            .args(["--upstream", upstream, "--out", log])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut base = String::new();
        let out = child.stdout.take().ok_or("its output is piped")?;
        BufReader::new(out).read_line(&mut base)?;
        Ok(Self {
            child,
            base: base.trim_end().to_owned(),
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn compared() -> Outcome<()> {
    // Without it no client can be built, even one that speaks no TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = server::start(Settings::default()).await?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log.jsonl");
    let recorder = Recorder::start(&server.base_url(), &log.display().to_string())?;
    let direct = server.base_url();
    let client = reqwest::Client::builder().http1_only().no_proxy().build()?;
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.test"});
    let created = client
        .post(format!("{direct}/Users"))
        .header("content-type", "application/scim+json")
        .body(user.to_string());
    created.send().await?.error_for_status()?;

    let (mut plain, mut through) = (Vec::new(), Vec::new());
    // The first turn warms both sides up, and does not count.
    for turn in 0..=REQUESTS / TURN {
        for (base, times) in [(&direct, &mut plain), (&recorder.base, &mut through)] {
            for _ in 0..TURN {
                let time = asked(&client, base).await?;
                if turn > 0 {
                    times.push(time);
                }
            }
        }
    }
    plain.sort_unstable();
    through.sort_unstable();
    for (name, share) in [("p50", 50), ("p99", 99)] {
        let at = |times: &[Duration]| times[times.len() * share / 100];
        let (plain, through) = (at(&plain), at(&through));
        say(&format!(
            "{name}: direct {plain:.1?}, through the recorder {through:.1?}, added {:.1?}",
            through.saturating_sub(plain)
        ));
    }

    let (mut plain, mut through) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..5 {
        plain += crowd(&client, &direct).await?;
        through += crowd(&client, &recorder.base).await?;
    }
    let rate = |time: Duration| (5 * REQUESTS) as f64 / time.as_secs_f64();
    say(&format!(
        "{CONNECTIONS} connections: direct {:.0} requests/s, through the recorder {:.0} requests/s, ratio {:.2}",
        rate(plain),
        rate(through),
        rate(through) / rate(plain)
    ));

    // What was passed on has been recorded, too.
    let passed = (REQUESTS / TURN + 1) * TURN + 5 * REQUESTS;
    let clock = Instant::now();
    loop {
        let text = std::fs::read_to_string(&log)?;
        let recorded = text.matches("\"event\":\"step-finished\"").count();
        if recorded == passed {
            say(&format!(
                "all {passed} exchanges are recorded {:.1?} after the last answer",
                clock.elapsed()
            ));
            break;
        }
        if clock.elapsed() > Duration::from_secs(60) {
            return Err(format!("{recorded} of {passed} exchanges are recorded").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(recorder);
    server.stop().await?;
    Ok(())
}

/// One look-up, as clients send most of all.
async fn asked(client: &reqwest::Client, base: &str) -> Outcome<Duration> {
    let url = format!("{base}/Users?filter=userName%20eq%20%22ada@example.test%22");
    let clock = Instant::now();
    let answer = client.get(url).send().await?.error_for_status()?;
    let body = answer.bytes().await?;
    let time = clock.elapsed();
    match body.windows(4).any(|part| part == b"ada@") {
        true => Ok(time),
        false => Err("the user is not found".into()),
    }
}

/// How long several connections take for all requests together.
async fn crowd(client: &reqwest::Client, base: &str) -> Outcome<Duration> {
    let clock = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, base) = (client.clone(), base.to_owned());
        tasks.spawn(async move {
            for _ in 0..REQUESTS / CONNECTIONS {
                asked(&client, &base).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(clock.elapsed())
}
