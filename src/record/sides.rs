//! Both sides of a passage: the client's connection and the endpoint's, each with what has been read of it ahead.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::record::upstream::{Reader, Writer};

/// Bytes that are read at once.
const PORTION: usize = 16 * 1024;

/// The client's connection.
pub(crate) struct ClientSide {
    pub(crate) reader: OwnedReadHalf,
    pub(crate) writer: OwnedWriteHalf,
    /// Read and not passed on yet.
    pub(crate) ahead: Vec<u8>,
}

/// A connection to the endpoint. Each client's connection has one of its own that ends with it, and the other way round:
/// what one side does to its connection, the other side sees.
pub(crate) struct Link {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// Read and not passed on yet.
    pub(crate) ahead: Vec<u8>,
}

impl ClientSide {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Parts of an answer are passed on as they come; none may wait for the acknowledgement of the one before. It
        // fails only on a connection that is broken, and then reading says so.
        let _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        Self {
            reader,
            writer,
            ahead: Vec::new(),
        }
    }

    /// Ends the connection as if it had broken, for a client that could else take what it has for the whole.
    pub(crate) fn reset(self) {
        // Without it the connection ends in good order, which is the best that is left.
        let _ = self.writer.as_ref().set_zero_linger();
        // Dropped, it would end its side in good order first.
        self.writer.forget();
    }

    /// Ends the connection in good order: what the client is still sending must not break off what it still reads.
    pub(crate) async fn close(mut self) {
        let _ = self.writer.shutdown().await;
        let rest = async {
            loop {
                self.ahead.clear();
                if !matches!(more(&mut self.reader, &mut self.ahead).await, Ok(1..)) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), rest).await;
    }
}

impl Link {
    pub(crate) fn new((reader, writer): (Reader, Writer)) -> Self {
        Self {
            reader,
            writer,
            ahead: Vec::new(),
        }
    }

    /// Whether nothing has come that the endpoint was not asked for, not even the end.
    pub(crate) async fn is_idle(&mut self) -> bool {
        self.ahead.is_empty()
            && tokio::select! {
                biased;
                _ = more(&mut self.reader, &mut self.ahead) => false,
                () = std::future::ready(()) => true,
            }
    }
}

/// Reads some more. 0: nothing more comes.
pub(crate) async fn more(
    reader: &mut (impl AsyncRead + Unpin),
    ahead: &mut Vec<u8>,
) -> io::Result<usize> {
    ahead.reserve(PORTION);
    reader.read_buf(ahead).await
}
