//! A proxy that fetches nothing: whatever a browser asks of the world is refused and written down.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Requests that are kept at most.
const KEPT_MAX: usize = 10_000;

/// The running proxy. Its thread ends with the test's process.
#[derive(Debug)]
pub struct Onlooker {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Onlooker {
    /// Starts it on loopback.
    ///
    /// # Panics
    /// When there is no port for it.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a bound port");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || refuse(&stream, &kept));
            }
        });
        Self { address, seen }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// First lines of the requests so far: `GET http://tracker.example/pixel.gif HTTP/1.1`.
    ///
    /// # Panics
    /// When a thread of its own panicked.
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no thread panics").clone()
    }
}

fn refuse(stream: &TcpStream, kept: &Mutex<Vec<String>>) {
    let mut line = String::new();
    let mut said = BufReader::new(stream);
    if said.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    if let Ok(mut kept) = kept.lock()
        && kept.len() < KEPT_MAX
    {
        kept.push(line.trim_end().to_owned());
    }
    let mut answer = stream;
    let _ = answer.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
