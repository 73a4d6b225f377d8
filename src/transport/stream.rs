//! The byte stream of a connection: refuse unexpected bytes before a request, and endless bytes before an answer.

use std::io::{self, Read as _};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::HeaderValue;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::head::MAX_HEAD_SIZE;

/// How many bytes may come before the end of a head, interim answers (100, 103) included. hyper reads up to
/// `MAX_HEAD_SIZE` at once, and may read a second time before the call knows that the head has come.
const MAX_BYTES_TO_HEAD: usize = 4 * MAX_HEAD_SIZE;

/// A TCP connection that counts what it reads.
pub(super) struct Socket {
    tcp: TcpStream,
    /// How many bytes it has read since the request was written.
    received: usize,
    /// The next read asks the kernel, even if tokio knows of nothing to read.
    read_directly: bool,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { tcp, received: 0, read_directly: false }
    }

    /// Reads what the kernel has now.
    fn read_now(&self, buffer: &mut tokio::io::ReadBuf<'_>) -> io::Result<()> {
        let socket = SockRef::from(&self.tcp);
        // Nearly always nothing is there, and then no buffer is needed.
        socket.peek(&mut [MaybeUninit::uninit()])?;
        let size = (&*socket).read(buffer.initialize_unfilled())?;
        buffer.advance(size);
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        let before = buffer.filled().len();
        if socket.read_directly {
            // Wakes nobody later: this is only a look, and the next read waits.
            return match socket.read_now(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    socket.read_directly = false;
                    Poll::Pending
                }
                outcome => Poll::Ready(outcome),
            };
        }
        let outcome = ready!(Pin::new(&mut socket.tcp).poll_read(context, buffer));
        socket.received += buffer.filled().len() - before;
        Poll::Ready(outcome)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, parts)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// TCP, or TLS over it, or a tunnel through either.
pub(super) trait Io: Read + Write + Send + Unpin {
    /// The TCP connection below.
    fn socket(&mut self) -> &mut Socket;
}

impl Io for TokioIo<Socket> {
    fn socket(&mut self) -> &mut Socket {
        self.inner_mut()
    }
}

impl<T: Io> Io for MaybeHttpsStream<T> {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Http(io) => io.socket(),
            Self::Https(tls) => tls.inner_mut().get_mut().0.inner_mut().socket(),
        }
    }
}

/// An open connection of any kind.
pub(super) struct Stream {
    io: Box<dyn Io>,
    /// It ends at a proxy, which requires requests in absolute form.
    pub(super) to_proxy: bool,
    /// The `Proxy-Authorization` header that each request to the proxy must carry.
    pub(super) authorization: Option<HeaderValue>,
    /// Set once the call has the head of the answer, and when the connection becomes idle.
    pub(super) head_received: Arc<AtomicBool>,
}

impl Stream {
    /// A connection to the host itself, or a tunnel to it.
    pub(super) fn direct(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), to_proxy: false, authorization: None, head_received: Arc::default() }
    }

    /// A connection that ends at a proxy.
    pub(super) fn to_proxy(io: impl Io + 'static, authorization: Option<HeaderValue>) -> Self {
        Self { to_proxy: true, authorization, ..Self::direct(io) }
    }

    fn io(self: Pin<&mut Self>) -> Pin<&mut dyn Io> {
        Pin::new(&mut *self.get_mut().io)
    }

    /// Fails before the first write of a request if the server has closed the connection or sent anything meanwhile: it
    /// would be taken for the answer. tokio may not know yet: it asks for events only now and then while busy, and not at
    /// all between two calls of a thread that drives it.
    fn begin_request(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let socket = self.io.socket();
        let was_idle = self.head_received.swap(false, Ordering::Relaxed);
        if socket.received == 0 && !was_idle {
            return Ok(());
        }
        socket.received = 0;
        socket.read_directly = true;
        let mut byte = [MaybeUninit::uninit()];
        let mut buffer = ReadBuf::uninit(&mut byte);
        // Under TLS, bytes may have come that are not an answer, such as a session ticket. They are read here.
        match Pin::new(&mut *self.io).poll_read(context, buffer.unfilled()) {
            Poll::Pending => Ok(()),
            Poll::Ready(outcome) => outcome.and(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if stream.io.socket().received > MAX_BYTES_TO_HEAD && !stream.head_received.load(Ordering::Relaxed) {
            let problem =
                format!("more than {} KiB came before the end of its head", MAX_BYTES_TO_HEAD / 1024);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, problem)));
        }
        Pin::new(&mut *stream.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        stream.begin_request(context)?;
        Pin::new(&mut *stream.io).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        stream.begin_request(context)?;
        Pin::new(&mut *stream.io).poll_write_vectored(context, parts)
    }
}
