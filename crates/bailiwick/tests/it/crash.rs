//! Killed at random moments under write load and started again: nothing that was acknowledged is lost, nothing is half
//! done, and the record agrees with the state.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bailiwick_client::wire::{CreateResource, RegisterResources, ResourceQuery, Secret};
use bailiwick_client::{Client, Error};
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{ACCOUNT, OWNER, Server, binary};

/// How often the server is killed. `BAILIWICK_CRASHES` sets another number.
const CRASHES: usize = 200;
/// A new deployment now and then keeps the replay of `verify` short.
const CRASHES_PER_DEPLOYMENT: usize = 20;
const WRITERS: usize = 8;
/// Resources in one write, which must be there together or not at all.
const TOGETHER: usize = 5;

/// One write: what it was called, and whether it was acknowledged.
struct Attempt {
    name: String,
    acknowledged: bool,
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let crashes = std::env::var("BAILIWICK_CRASHES").map_or(CRASHES, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut done, mut acknowledged) = (0, 0);
    while done < crashes {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().to_str().unwrap();
        let bootstrap = ["bootstrap", "--data", dir, "--email", OWNER, "--account", ACCOUNT, "--json"];
        let made = binary(data.path()).args(bootstrap).output().unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        for round in 0..CRASHES_PER_DEPLOYMENT.min(crashes - done) {
            let mut server = Server::start(data.path(), &[]);
            let writer = client(&server.url, &made);
            let attempts = runtime.block_on(write_until_killed(&mut server, &writer, &made, done + round));
            let server = Server::start(data.path(), &[]);
            runtime.block_on(check(&client(&server.url, &made), &made, &attempts, done + round));
            verify(dir);
            acknowledged += attempts.iter().filter(|attempt| attempt.acknowledged).count();
        }
        done += CRASHES_PER_DEPLOYMENT;
    }
    assert!(acknowledged > crashes, "the load was real: {acknowledged} writes were acknowledged");
    println!("{crashes} crashes, {acknowledged} acknowledged writes, none lost");
}

fn client(url: &str, made: &Value) -> Client {
    let key = Secret::new(made["management_key"].as_str().unwrap());
    let client = Client::builder(url).timeout(Duration::from_secs(20)).build().unwrap();
    client.with_credential(&key).unwrap()
}

/// Writes from several tasks and kills the server at a moment that differs from round to round.
async fn write_until_killed(
    server: &mut Server,
    client: &Client,
    made: &Value,
    round: usize,
) -> Vec<Attempt> {
    let account = made["account"].as_str().unwrap();
    let counter = AtomicU64::new(0);
    let writer = |_: usize| {
        let counter = &counter;
        async move {
            let mut attempts = Vec::new();
            loop {
                let name = format!("{}{}", prefix(round), counter.fetch_add(1, Ordering::Relaxed));
                let resources = (0..TOGETHER).map(|part| resource(&format!("{name}-{part}"))).collect();
                let result =
                    client.account(account).register_resources(&RegisterResources { resources }).await;
                let acknowledged = match result {
                    Ok(_) => true,
                    Err(Error::Unreachable { .. }) => false,
                    Err(other) => panic!("{other:?}"),
                };
                attempts.push(Attempt { name, acknowledged });
                if !acknowledged {
                    return attempts;
                }
            }
        }
    };
    // Spread over the first 300 ms of writing, in steps that share no factor with anything.
    let moment = Duration::from_micros(3_000 + (round as u64 * 67_867) % 300_000);
    let kill = async {
        tokio::time::sleep(moment).await;
        server.kill();
    };
    let ((), attempts) = tokio::join!(kill, join_all((0..WRITERS).map(writer)));
    attempts.into_iter().flatten().collect()
}

fn resource(name: &str) -> CreateResource {
    CreateResource {
        resource_type: "cluster".to_owned(),
        name: name.to_owned(),
        project: None,
        parent: None,
        external_id: Some(name.to_owned()),
        url: None,
        attributes: bailiwick_client::wire::Attributes::new(),
    }
}

/// Every acknowledged write is there, and every other one is there whole or not at all.
async fn check(client: &Client, made: &Value, attempts: &[Attempt], round: usize) {
    let account = client.account(made["account"].as_str().unwrap());
    let query = ResourceQuery { q: Some(prefix(round)), limit: Some(1000), ..ResourceQuery::default() };
    let all = account.list_resources(&query).all(1_000_000).await.unwrap();
    assert!(all.complete);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for resource in all.items {
        let (name, _) = resource.name.rsplit_once('-').unwrap();
        *found.entry(name.to_owned()).or_default() += 1;
    }
    for Attempt { name, acknowledged } in attempts {
        match found.remove(name) {
            None => assert!(!acknowledged, "{name} was acknowledged and is lost"),
            Some(parts) => assert_eq!(parts, TOGETHER, "{name} is half done"),
        }
    }
    found.retain(|name, _| name.starts_with(&prefix(round)));
    assert!(found.is_empty(), "nobody wrote {found:?}");
}

/// What the names of a round's writes begin with.
fn prefix(round: usize) -> String {
    format!("r{round}-")
}

fn verify(dir: &str) {
    let output = binary(std::path::Path::new(dir)).args(["verify", "--data", dir]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
