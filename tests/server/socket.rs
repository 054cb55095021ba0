//! The server on a socket.

use std::io::{Read, Write};
use std::net::TcpStream;

use scimulate::server::{Settings, start};

/// Sends one request on a new connection and gives the whole answer.
fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    answer
}

fn post(address: std::net::SocketAddr, name: &str) -> String {
    let body = format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"{name}\"}}"
    );
    exchange(
        address,
        &format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn requests_over_a_socket_are_answered() {
    runtime().block_on(async {
        let running = start(Settings {
            seed: Some(7),
            ..Settings::default()
        })
        .await
        .expect("started");
        let address = running.local_addr();
        assert_eq!(running.base_url(), format!("http://{address}/scim/v2"));
        assert_eq!(
            running.tenant_url("second"),
            format!("http://{address}/second/scim/v2")
        );
        let created = post(address, "ada");
        assert!(created.starts_with("HTTP/1.1 201 Created\r\n"), "{created}");
        assert!(created.contains("content-type: application/scim+json\r\n"));
        assert!(created.contains(&format!("location: http://{address}/scim/v2/Users/")));
        let deleted = exchange(
            address,
            &format!(
                "DELETE /scim/v2/Users/x HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
            ),
        );
        assert!(deleted.starts_with("HTTP/1.1 404 Not Found"));
        running.stop().await.expect("stopped");
        assert!(TcpStream::connect(address).is_err());
    });
}

#[test]
fn the_state_file_brings_resources_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.json");
    let settings = Settings {
        state_file: Some(file.clone()),
        seed: Some(1),
        ..Settings::default()
    };
    runtime().block_on(async {
        let first = start(settings.clone()).await.expect("started");
        post(first.local_addr(), "ada");
        let before = first.server().dump();
        first.stop().await.expect("stopped");
        let second = start(settings).await.expect("started again");
        assert_eq!(second.server().dump(), before);
        assert!(post(second.local_addr(), "ADA").contains("409 Conflict"));
        second.stop().await.expect("stopped");
    });
    assert!(
        !std::fs::read_to_string(file)
            .expect("written")
            .contains("password")
    );
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let id = |seed: u64| {
        runtime().block_on(async {
            let running = start(Settings {
                seed: Some(seed),
                ..Settings::default()
            })
            .await
            .expect("started");
            let answer = post(running.local_addr(), "ada");
            running.stop().await.expect("stopped");
            let (_, rest) = answer.split_once("\"id\":\"").expect("an id");
            rest[..36].to_owned()
        })
    };
    assert_eq!(id(5), id(5));
    assert_ne!(id(5), id(6));
}
