//! A client's connection: request after request, until one side ends it.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::record::Shared;
use crate::record::head::{Head, HeadFault};
use crate::record::passage::{Onward, pass, refuse};
use crate::record::refusal::Refusal;
use crate::record::sides::{ClientSide, Link, more};

/// What comes next on a connection.
enum Next {
    Request(Head),
    Fault(HeadFault),
    /// Nothing: it is over.
    End,
}

/// Serves a connection to its end.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let mut client = ClientSide::new(stream);
    let mut link = None;
    let onward = loop {
        let onward = match next(&shared, &mut client, &mut link).await {
            Next::Request(head) => pass(&shared, head, &mut client, &mut link).await,
            Next::Fault(fault) => {
                let refusal = Refusal::bad_request(fault.to_string());
                refuse(&shared, &mut client, &refusal).await
            }
            // Nothing is under way, so there is nothing to end in good order.
            Next::End => return,
        };
        if onward != Onward::Next {
            break onward;
        }
    };
    drop(link);
    match onward {
        Onward::Reset => client.reset(),
        Onward::Next | Onward::Close => client.close().await,
    }
}

async fn next(shared: &Shared, client: &mut ClientSide, link: &mut Option<Link>) -> Next {
    loop {
        match Head::read(&client.ahead) {
            Ok(Some((head, length))) => {
                client.ahead.drain(..length);
                return Next::Request(head);
            }
            Ok(None) => {}
            Err(fault) => return Next::Fault(fault),
        }
        let is_idle = client.ahead.is_empty();
        tokio::select! {
            biased;
            () = shared.stop.cancelled(), if is_idle => return Next::End,
            read = more(&mut client.reader, &mut client.ahead) => {
                if !matches!(read, Ok(1..)) {
                    return Next::End;
                }
            }
            () = unasked(link) => {
                if let Some(link) = link && is_idle {
                    // What the endpoint says before it ends an idle connection (408, say), and the end itself.
                    let _ = client.writer.write_all(&link.ahead).await;
                    return Next::End;
                }
                // The request that is coming gets another connection.
                *link = None;
            }
        }
    }
}

/// Waits until something comes from the endpoint that it was not asked for, the end at least.
async fn unasked(link: &mut Option<Link>) {
    match link {
        Some(link) => {
            // Whatever it is.
            let _ = more(&mut link.reader, &mut link.ahead).await;
        }
        None => std::future::pending().await,
    }
}
