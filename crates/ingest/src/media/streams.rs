//! What goes into a process and what comes out of it, with nothing kept that nobody has room for.

use std::io::ErrorKind;

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::ChildStdin,
    sync::mpsc,
};

use super::{error::MediaError, sandbox::Pulse};

/// What goes in and who gets what comes out.
pub(super) struct Streams<'a> {
    pub(super) stdin: Option<mpsc::Receiver<Bytes>>,
    pub(super) stdout: Stdout<'a>,
}

/// Writes what is sent until nobody sends any more. A task that ends sooner says why with its status.
pub(super) async fn write_all(
    from: Option<mpsc::Receiver<Bytes>>,
    to: Option<ChildStdin>,
    pulse: &Pulse,
) -> Result<(), MediaError> {
    let (Some(mut from), Some(mut to)) = (from, to) else { return Ok(()) };
    while let Some(bytes) = pulse.excused(from.recv()).await {
        match to.write_all(&bytes).await {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| MediaError::io("Input of a process was lost", &error))?,
        }
    }
    Ok(())
}

/// Who gets what a task writes to standard output.
pub(super) enum Stdout<'a> {
    Call(&'a mut (dyn FnMut(&[u8]) -> Result<(), MediaError> + Send)),
    Queue(mpsc::Sender<Bytes>),
}

impl Stdout<'_> {
    pub(super) async fn take(
        self,
        from: Option<impl AsyncRead + Unpin>,
        pulse: &Pulse,
    ) -> Result<(), MediaError> {
        match (self, from) {
            (Self::Call(to), from) => read_all(from, to).await,
            (Self::Queue(to), Some(from)) => read_into(from, &to, pulse).await,
            (Self::Queue(_), None) => Ok(()),
        }
    }
}

/// The code of the error when nobody wants a task's output any more.
pub(super) const UNHEARD: &str = "unheard";

async fn read_into(
    mut from: impl AsyncRead + Unpin,
    to: &mpsc::Sender<Bytes>,
    pulse: &Pulse,
) -> Result<(), MediaError> {
    const PIECE_BYTES: usize = 64 * 1024;
    loop {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = from.read_buf(&mut piece).await;
        if read.map_err(|error| MediaError::io("Output of a process was lost", &error))? == 0 {
            return Ok(());
        }
        let sent = pulse.excused(to.send(piece.freeze())).await;
        sent.map_err(|_| MediaError::transient(UNHEARD, "Nobody takes the output of a process."))?;
    }
}

pub(super) async fn read_all(
    from: Option<impl AsyncRead + Unpin>,
    to: &mut (dyn FnMut(&[u8]) -> Result<(), MediaError> + Send),
) -> Result<(), MediaError> {
    let Some(mut from) = from else { return Ok(()) };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await;
        match read.map_err(|error| MediaError::io("Output of a process was lost", &error))? {
            0 => return Ok(()),
            count => to(&buffer[..count])?,
        }
    }
}
