//! What the harness costs: requests per second of a run against a bare client that sends the same requests, and look-ups
//! among few and many users. Both sides of each ratio are measured in one process, one after the other, several times.
//!
//! `cargo bench` prints the ratios; absolute times depend on the machine.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scimulate::event::Event;
use scimulate::exchange::Exchange;
use scimulate::finding::weighing::Weighing;
use scimulate::profile::ProfileId;
use scimulate::run::{Bounds, Settings, fresh_run_id, run};
use scimulate::scenario::load::{LoadOptions, load};
use scimulate::server::{self, Running, Token};
use scimulate::target::{BaseUrl, Credential, Target};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use walkdir::WalkDir;

/// How often each side is measured; the median counts.
const ROUNDS: usize = 5;

const TOKEN: &str = "bench-token";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(problem) => return failed(&problem),
    };
    let done = runtime.block_on(async {
        overhead().await?;
        look_ups().await
    });
    match done {
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

/// A run of all shipped scenarios, and a bare reqwest loop with its requests. Each has a fresh server that gives the same
/// ids, so that requests of the run mean the same when they are sent again.
async fn overhead() -> Outcome<()> {
    let scenarios = scenarios()?;
    let mut harness = Vec::new();
    let mut bare = Vec::new();
    let mut requests = 0;
    for _ in 0..ROUNDS {
        let server = fresh_server().await?;
        let target = |url: String| -> Outcome<Target> {
            Ok(Target {
                credential: Credential::Bearer(TOKEN.to_owned().into()),
                ..Target::new(BaseUrl::parse(&url)?)
            })
        };
        let mut main = target(server.base_url())?;
        main.tenants
            .insert("second".to_owned(), target(server.tenant_url("second"))?);
        let settings = Settings {
            target: main,
            imitations: BTreeMap::new(),
            undeclared: false,
            weighing: Weighing::default(),
            scenarios: scenarios.clone(),
            jobs: 1,
            fail_fast: false,
            bounds: Bounds::default(),
            run: fresh_run_id(),
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            snapshots: None,
            everything: true,
            notices: Vec::new(),
            journal: None,
        };
        let mut exchanges = Vec::new();
        let clock = Instant::now();
        run(settings, CancellationToken::new(), |event| match event {
            Event::StepFinished {
                exchanges: seen, ..
            }
            | Event::Preflight {
                exchanges: seen, ..
            } => exchanges.extend(seen),
            Event::ScenarioFinished { cleanup, .. } => exchanges.extend(cleanup),
            _ => {}
        })
        .await?;
        harness.push(clock.elapsed());
        server.stop().await?;
        requests = exchanges.len();
        let server = fresh_server().await?;
        bare.push(replayed(&exchanges, &server).await?);
        server.stop().await?;
    }
    let (harness, bare) = (median(&mut harness), median(&mut bare));
    let rate = |time: Duration| requests as f64 / time.as_secs_f64();
    say(&format!("requests of one run                 {requests}"));
    say(&format!(
        "a run                               {harness:.1?}, {:.0} requests/s",
        rate(harness)
    ));
    say(&format!(
        "the same requests, bare client      {bare:.1?}, {:.0} requests/s",
        rate(bare)
    ));
    say(&format!(
        "ratio of rates (goal: at least 0.7) {:.2}",
        rate(harness) / rate(bare)
    ));
    Ok(())
}

fn scenarios() -> Outcome<Vec<(Arc<scimulate::scenario::Scenario>, ProfileId)>> {
    let mut selection = Vec::new();
    for entry in WalkDir::new("scenarios").sort_by_file_name() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if !name.ends_with(".yaml") || name.starts_with('_') {
            continue;
        }
        let shown = entry.path().display().to_string();
        let scenario = load(entry.path(), &shown, &LoadOptions::default())
            .map_err(|mistakes| format!("{shown}: {} mistakes", mistakes.len()))?;
        let scenario = Arc::new(scenario);
        selection.extend(
            scenario
                .clients
                .iter()
                .map(|client| (Arc::clone(&scenario), *client)),
        );
    }
    Ok(selection)
}

async fn fresh_server() -> Outcome<Running> {
    let settings = server::Settings {
        tokens: vec![Token::new(TOKEN)],
        tenants: vec![("second".to_owned(), vec![Token::new(TOKEN)])],
        seed: Some(1),
        ..server::Settings::default()
    };
    Ok(server::start(settings).await?)
}

/// Sends the same requests one after the other with nothing around them; all of them are built before the clock starts.
async fn replayed(exchanges: &[Exchange], server: &Running) -> Outcome<Duration> {
    let client = reqwest::Client::builder()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()?;
    let origin = format!("http://{}", server.local_addr());
    let mut requests = Vec::new();
    for exchange in exchanges {
        let method = reqwest::Method::from_bytes(exchange.request.method.as_bytes())?;
        let mut request = client.request(method, format!("{origin}{}", exchange.request.target));
        for (name, value) in &exchange.request.headers {
            request = request.header(name, value.replace("[secret]", TOKEN));
        }
        if !exchange.request.body.is_empty() {
            request = request.body(exchange.request.body.bytes().to_vec());
        }
        requests.push(request.build()?);
    }
    let mut statuses = Vec::with_capacity(requests.len());
    let clock = Instant::now();
    for request in requests {
        let response = client.execute(request).await?;
        statuses.push(response.status().as_u16());
        response.bytes().await?;
    }
    let taken = clock.elapsed();
    let others = exchanges
        .iter()
        .zip(&statuses)
        .filter(|(exchange, status)| exchange.status() != Some(**status))
        .count();
    // Requests that a scenario sends side by side may have been served in another order.
    if others * 100 > exchanges.len() {
        return Err(format!("{others} requests are answered otherwise than in the run").into());
    }
    Ok(taken)
}

/// Looking up one user by userName among few and many.
async fn look_ups() -> Outcome<()> {
    let few = look_up_time(100).await?;
    let many = look_up_time(100_000).await?;
    say(&format!("look-up among 100 users             {few:.1?}"));
    say(&format!("look-up among 100,000 users         {many:.1?}"));
    say(&format!(
        "ratio of times (goal: at most 2)    {:.2}",
        many.as_secs_f64() / few.as_secs_f64()
    ));
    Ok(())
}

async fn look_up_time(users: usize) -> Outcome<Duration> {
    let server = server::start(server::Settings::default()).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    for first in (0..users).step_by(1000) {
        let operations: Vec<Value> = (first..users.min(first + 1000))
            .map(|number| {
                json!({"method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": {
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("user{number}@example.test")
                }})
            })
            .collect();
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
        let request = client
            .post(format!("{}/Bulk", server.base_url()))
            .header("content-type", "application/scim+json");
        request
            .body(body.to_string())
            .send()
            .await?
            .error_for_status()?;
    }
    let mut times = Vec::new();
    for number in 0..1000 {
        let name = format!("user{}@example.test", number * 7919 % users);
        let url = format!(
            "{}/Users?filter=userName%20eq%20%22{name}%22",
            server.base_url()
        );
        let clock = Instant::now();
        let body = client
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        times.push(clock.elapsed());
        if !String::from_utf8_lossy(&body).contains(&name) {
            return Err(format!("{name} was not found").into());
        }
    }
    server.stop().await?;
    Ok(median(&mut times))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
