//! Open Sound Control 1.0 (Wright 2002): what probes say as bundles with time tags over UDP, and what others say of
//! parameters.

use super::Recording;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most bytes of a bundle that is sent, so that a network hands it on in one piece.
const MAX_BUNDLE: usize = 1400;
/// The seconds from 1900, from which time tags count, to 1970.
const FROM_1900: u64 = 2_208_988_800;
/// The words that bundles begin with.
const BUNDLE: &[u8; 8] = b"#bundle\0";
/// How deep bundles may be in bundles.
const MAX_DEPTH: usize = 8;
/// What addresses of parameters begin with.
const PARAM: &str = "/fieldgrad/param/";

/// The argument of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum OscArgument {
    /// A number, of whatever type it was.
    Number(f64),
    /// A text.
    Text(String),
    /// Anything else.
    Other,
}

/// A message: an address and arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The address, which begins with `/`.
    pub address: String,
    /// The arguments.
    pub arguments: Vec<OscArgument>,
}

/// The bytes of a text: ended by a zero, and filled up with zeros to a multiple of four.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len() / 4 * 4 + 4, 0);
    bytes
}

/// The bytes of a message with one number.
pub fn message(address: &str, value: f32) -> Vec<u8> {
    [text(address), text(",f"), value.to_be_bytes().to_vec()].concat()
}

/// The bytes of a bundle of messages that hold from a time on.
pub fn bundle(at: SystemTime, messages: &[Vec<u8>]) -> Vec<u8> {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    let tag = ((since.as_secs() + FROM_1900) << 32) | fraction;
    let mut bytes = [BUNDLE.as_slice(), &tag.to_be_bytes()].concat();
    for message in messages {
        bytes.extend((message.len() as u32).to_be_bytes());
        bytes.extend(message);
    }
    bytes
}

/// The messages of a packet, those of bundles among them, in order; none, where it is no packet.
///
/// ```
/// use fieldgrad::sense::osc::{OscArgument, message, messages};
///
/// let told = messages(&message("/fieldgrad/param/blend", 0.5)).unwrap();
/// assert_eq!((told[0].address.as_str(), &told[0].arguments[0]), ("/fieldgrad/param/blend", &OscArgument::Number(0.5)));
/// assert_eq!(messages(b"anything else"), None);
/// ```
pub fn messages(packet: &[u8]) -> Option<Vec<Message>> {
    let mut found = Vec::new();
    read_packet(packet, 0, &mut found)?;
    Some(found)
}

fn read_packet(packet: &[u8], depth: usize, found: &mut Vec<Message>) -> Option<()> {
    let Some(mut rest) = packet.strip_prefix(BUNDLE) else {
        found.push(read_message(packet)?);
        return Some(());
    };
    if depth == MAX_DEPTH {
        return None;
    }
    take(&mut rest, 8)?; // its time: what is said of parameters holds at once
    while !rest.is_empty() {
        let size = u32::from_be_bytes(take(&mut rest, 4)?.try_into().ok()?);
        read_packet(take(&mut rest, size as usize)?, depth + 1, found)?;
    }
    Some(())
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let bytes = take(rest, end / 4 * 4 + 4)?;
    let is_filled = bytes[end..].iter().all(|byte| *byte == 0);
    is_filled.then(|| std::str::from_utf8(&bytes[..end]).ok().map(String::from))?
}

fn read_message(packet: &[u8]) -> Option<Message> {
    let mut rest = packet;
    let address = take_text(&mut rest)?;
    let types = take_text(&mut rest)?;
    if !address.starts_with('/') {
        return None;
    }
    let mut arguments = Vec::new();
    for kind in types.strip_prefix(',')?.chars() {
        let mut four = || take(&mut rest, 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        arguments.push(match kind {
            'i' => OscArgument::Number(i32::from_be_bytes(four()?).into()),
            'f' => OscArgument::Number(f32::from_be_bytes(four()?).into()),
            'd' => OscArgument::Number(f64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?)),
            'h' => OscArgument::Number(i64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?) as f64),
            's' | 'S' => OscArgument::Text(take_text(&mut rest)?),
            'b' => {
                let size = u32::from_be_bytes(four()?) as usize;
                take(&mut rest, size.checked_next_multiple_of(4)?)?;
                OscArgument::Other
            }
            't' => {
                take(&mut rest, 8)?;
                OscArgument::Other
            }
            'c' | 'r' | 'm' => {
                four()?;
                OscArgument::Other
            }
            'T' | 'F' | 'N' | 'I' => OscArgument::Other,
            _ => return None,
        });
    }
    rest.is_empty().then_some(Message { address, arguments })
}

/// The bundles of a recording at a tick: each channel of each probe as `/fieldgrad/probe/NAME/CHANNEL f`.
fn bundles(recording: &Recording, addresses: &[String], tick: usize, at: SystemTime) -> Vec<Vec<u8>> {
    let channels = recording.probes.iter().flat_map(|probe| &probe.channels);
    let messages: Vec<Vec<u8>> =
        channels.zip(addresses).map(|(track, address)| message(address, track.values[tick] as f32)).collect();
    let (mut bundles, mut first, mut size) = (Vec::new(), 0, 16);
    for (n, message) in messages.iter().enumerate() {
        if size + 4 + message.len() > MAX_BUNDLE && n > first {
            bundles.push(bundle(at, &messages[first..n]));
            (first, size) = (n, 16);
        }
        size += 4 + message.len();
    }
    if first < messages.len() {
        bundles.push(bundle(at, &messages[first..]));
    }
    bundles
}

/// The address of `HOST:PORT`, or of `PORT` on this machine alone.
pub fn address(text: &str) -> Result<SocketAddr> {
    let whole = if text.contains(':') { text.to_string() } else { format!("127.0.0.1:{text}") };
    let found = whole.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| Error::Input(format!("{text:?} is no address such as 127.0.0.1:9000, nor a port")))
}

/// Sends what a recording's channels are, tick by tick as time goes by: each bundle is sent when it is due, and its
/// time tag says when that is. Gives how many were sent.
pub fn send(recording: &Recording, to: SocketAddr) -> Result<usize> {
    let failed = |error: std::io::Error| Error::System(format!("nothing can be sent to {to}: {error}"));
    let own: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(own).map_err(failed)?;
    let addresses: Vec<String> = recording
        .probes
        .iter()
        .flat_map(|probe| {
            probe.channels.iter().map(|track| format!("/fieldgrad/probe/{}/{}", probe.name, track.name))
        })
        .collect();
    let (began, begins) = (Instant::now(), SystemTime::now());
    let mut sent = 0;
    for tick in 0..recording.clock.count() {
        let due = Duration::from_secs_f64(recording.clock.at(tick) - recording.clock.from());
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        for bundle in bundles(recording, &addresses, tick, begins + due) {
            socket.send_to(&bundle, to).map_err(failed)?;
            sent += 1;
        }
    }
    Ok(sent)
}

/// What was heard of parameters since it was last asked, and how much was heard in all.
#[derive(Debug, Default)]
struct Heard {
    values: BTreeMap<String, f64>,
    taken: u64,
    refused: u64,
}

/// A socket that listens for `/fieldgrad/param/NAME f` on a thread of its own, until it is dropped. Whatever else
/// comes changes nothing and is counted.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    is_over: Arc<AtomicBool>,
}

/// How many parameters can be waiting to be moved: what comes beyond is refused.
const MAX_WAITING: usize = 4096;
/// How often is looked whether anybody still wants to hear.
const LOOK: Duration = Duration::from_millis(100);

impl Listener {
    /// Listens at an address; calls `wake` whenever something was heard.
    pub fn start(at: SocketAddr, wake: impl Fn() + Send + 'static) -> Result<Listener> {
        let failed = |error: std::io::Error| Error::System(format!("nothing can be heard at {at}: {error}"));
        let socket = UdpSocket::bind(at).map_err(failed)?;
        socket.set_read_timeout(Some(LOOK)).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let listener = Listener { address, heard: Arc::default(), is_over: Arc::default() };
        let (heard, is_over) = (listener.heard.clone(), listener.is_over.clone());
        std::thread::spawn(move || {
            let mut packet = vec![0; 1 << 16];
            while !is_over.load(Ordering::Relaxed) {
                let Ok((size, _)) = socket.recv_from(&mut packet) else { continue };
                hear(&packet[..size], &mut heard.lock().unwrap_or_else(PoisonError::into_inner));
                wake();
            }
        });
        Ok(listener)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The values that parameters were given since this was last asked, the last of each.
    pub fn values(&self) -> Vec<(String, f64)> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut heard.values).into_iter().collect()
    }

    /// How many messages were of parameters, and how many packets or messages were not.
    pub fn counts(&self) -> (u64, u64) {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.taken, heard.refused)
    }

    /// One of the values was of no use after all: there is no such parameter.
    pub fn refuse(&self) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.taken, heard.refused) = (heard.taken.saturating_sub(1), heard.refused + 1);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn hear(packet: &[u8], heard: &mut Heard) {
    let Some(messages) = messages(packet) else {
        heard.refused += 1;
        return;
    };
    for Message { address, arguments } in messages {
        match (address.strip_prefix(PARAM), arguments.as_slice()) {
            (Some(name), [OscArgument::Number(value)])
                if value.is_finite()
                    && (heard.values.len() < MAX_WAITING || heard.values.contains_key(name)) =>
            {
                heard.values.insert(name.into(), *value);
                heard.taken += 1;
            }
            _ => heard.refused += 1,
        }
    }
}
