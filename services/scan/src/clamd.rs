//! What clamd is asked, and its answers (clamd(8): `INSTREAM`, `VERSION`).
//!
//! Not by a client of the registry: those write a whole file before they read, and clamd that refuses a long one in the middle then
//! looks like one that is down, so that the mail would wait for ever.

use std::{fmt, io, path::PathBuf, str::FromStr, time::Duration};

use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// Until it has let us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// For each piece of a file, and for the answer from its begin on: clamd's own bound on a scan (`MaxScanTime`) is two minutes.
const ANSWER_WITHIN: Duration = Duration::from_secs(180);
/// Bytes of a file that are sent at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of an answer: a name of something and a few words.
const ANSWER_BYTES_MAX: u64 = 4 << 10;
/// Characters that are kept of what clamd calls something.
const NAME_CHARACTERS_MAX: usize = 200;

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A socket of this machine: `unix:/run/clamav/clamd.ctl`.
    Unix(PathBuf),
    /// `host:port`. What is sent there is not encrypted.
    Tcp(String),
}

/// The text names no place.
#[derive(Debug, thiserror::Error)]
#[error("expected unix:/path or host:port")]
pub struct NotAnAddress;

impl FromStr for Place {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') { Ok(Self::Unix(path.into())) } else { Err(NotAnAddress) };
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(Self::Tcp(text.into()))
            }
            _ => Err(NotAnAddress),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, or went away.
    #[error("clamd at {0}")]
    Line(Place, #[source] io::Error),
    /// It says that it cannot do it.
    #[error("clamd at {0} says {1:?}")]
    Refused(Place, String),
    /// The file cannot be read.
    #[error("read what is to be scanned")]
    File(#[source] io::Error),
}

/// What clamd says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Nothing was found.
    Clean,
    /// What it calls what it found.
    Found(String),
    /// It is longer than clamd takes.
    TooLarge,
}

/// A clamd.
#[derive(Clone, Debug)]
pub struct Clamd {
    place: Place,
    size_bytes_max: u64,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

impl Clamd {
    /// Connects to nothing yet. Files above `size_bytes_max` are not sent: set it to clamd's `StreamMaxLength`.
    #[must_use]
    pub fn new(place: Place, size_bytes_max: u64) -> Self {
        Self { place, size_bytes_max }
    }

    /// Whether it would look at a file of this size.
    #[must_use]
    pub fn takes(&self, size_bytes: u64) -> bool {
        size_bytes <= self.size_bytes_max
    }

    /// What it says of its version and of that of its signatures.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn version(&self) -> Result<String, Error> {
        let mut line = self.connect().await?;
        self.within(line.write_all(b"zVERSION\0")).await?;
        self.answer(&mut line).await
    }

    /// Sends it a file.
    ///
    /// # Errors
    /// When it does not answer, or cannot do its work.
    pub async fn scan(&self, mut file: File) -> Result<Scan, Error> {
        let size_bytes = file.metadata().await.map_err(Error::File)?.len();
        if !self.takes(size_bytes) {
            return Ok(Scan::TooLarge);
        }
        let (mut reading, mut writing) = tokio::io::split(self.connect().await?);
        // It may answer in the middle and hang up: what it says is worth more than the broken line, and is lost with it unless
        // it is read as it comes.
        let said = tokio::join!(self.send(&mut writing, &mut file), self.answer(&mut reading));
        match said {
            (Err(Error::File(error)), _) => Err(Error::File(error)),
            (_, Ok(answer)) if !answer.is_empty() => self.read(&answer),
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(_)) => Err(Error::Line(self.place.clone(), io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn read(&self, answer: &str) -> Result<Scan, Error> {
        let said = answer.strip_prefix("stream: ").unwrap_or(answer);
        if said == "OK" {
            return Ok(Scan::Clean);
        }
        if let Some(name) = said.strip_suffix(" FOUND") {
            let name = name.chars().filter(|character| !character.is_control()).take(NAME_CHARACTERS_MAX).collect();
            return Ok(Scan::Found(name));
        }
        if said.starts_with("INSTREAM size limit exceeded") {
            return Ok(Scan::TooLarge);
        }
        Err(Error::Refused(self.place.clone(), said.into()))
    }

    async fn send(&self, line: &mut (impl AsyncWrite + Unpin), file: &mut File) -> Result<(), Error> {
        self.within(line.write_all(b"zINSTREAM\0")).await?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = file.read(&mut chunk).await.map_err(Error::File)?;
            let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
            self.within(async {
                line.write_all(&prefix).await?;
                line.write_all(&chunk[..length]).await
            })
            .await?;
            // A piece of no length is the end.
            if length == 0 {
                return self.within(line.flush()).await;
            }
        }
    }

    async fn answer(&self, line: &mut (impl AsyncRead + Unpin)) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let read = self.within(line.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)).await;
        if bytes.is_empty() {
            read?;
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches(['\0', '\n']).to_owned())
    }

    async fn connect(&self) -> Result<Box<dyn Line>, Error> {
        let connecting = async {
            Ok(match &self.place {
                Place::Unix(path) => Box::new(UnixStream::connect(path).await?) as Box<dyn Line>,
                Place::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            })
        };
        let late = || Err(io::ErrorKind::TimedOut.into());
        let line = timeout(CONNECT_WITHIN, connecting).await.unwrap_or_else(|_| late());
        line.map_err(|error| Error::Line(self.place.clone(), error))
    }

    async fn within<T>(&self, doing: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
        let late = || Err(io::ErrorKind::TimedOut.into());
        let done = timeout(ANSWER_WITHIN, doing).await.unwrap_or_else(|_| late());
        done.map_err(|error| Error::Line(self.place.clone(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_socket_or_a_host_with_its_port() {
        for text in ["unix:/run/clamav/clamd.ctl", "127.0.0.1:3310", "clamd:3310", "[::1]:3310"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for text in ["", "unix:", "unix:run/clamd", "clamd", ":3310", "clamd:0", "clamd:x", "/run/clamav/clamd.ctl"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_answer_is_read() {
        let clamd = Clamd::new(Place::Tcp("clamd:3310".into()), 1);
        assert_eq!(clamd.read("stream: OK").unwrap(), Scan::Clean);
        assert_eq!(
            clamd.read("stream: Win.Test.EICAR_HDB-1 FOUND").unwrap(),
            Scan::Found("Win.Test.EICAR_HDB-1".into())
        );
        assert_eq!(clamd.read("stream: a\u{7}\nb FOUND").unwrap(), Scan::Found("ab".into()));
        assert_eq!(clamd.read("INSTREAM size limit exceeded. ERROR").unwrap(), Scan::TooLarge);
        let refused = clamd.read("stream: Can't allocate memory ERROR").unwrap_err().to_string();
        assert_eq!(refused, "clamd at clamd:3310 says \"Can't allocate memory ERROR\"");
        assert!(clamd.read("UNKNOWN COMMAND").is_err());
    }
}
