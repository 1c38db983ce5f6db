//! The text of a file in whatever encoding it is written and however it ends its lines, read in portions of a bounded size.

use std::io::{self, Read, Seek};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes are read at a time.
const PORTION: usize = 64 * 1024;

/// A file as UTF-8, whose lines end with a line feed.
pub(super) struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    /// Decoded text from here on has not been read.
    text: String,
    at: usize,
    ended: bool,
    /// Whether a carriage return was read that may be half of an end of a line.
    half: bool,
}

impl<R: Read + Seek> Decoded<R> {
    /// Opens a file. Its encoding is that of its byte order mark; UTF-16 where every other byte of its beginning is zero; UTF-8
    /// where all of it is that; else Windows-1252.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(mut inner: R) -> io::Result<Self> {
        let encoding = encoding(&mut inner)?;
        inner.rewind()?;
        let decoder = encoding.new_decoder_with_bom_removal();
        Ok(Self { inner, decoder, text: String::new(), at: 0, ended: false, half: false })
    }

    /// The name of the encoding, for people.
    pub(super) fn encoding(&self) -> &'static str {
        self.decoder.encoding().name()
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            let mut bytes = vec![0; PORTION];
            let read = full(&mut self.inner, &mut bytes)?;
            self.ended = read < PORTION;
            let portion = bytes.get(..read).unwrap_or_default();
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(PORTION * 4);
            self.text.clear();
            if self.half {
                self.text.push('\r');
            }
            self.text.reserve(room);
            self.at = 0;
            let _ = self.decoder.decode_to_string(portion, &mut self.text, self.ended);
            self.half = !self.ended && self.text.ends_with('\r');
            if self.half {
                self.text.pop();
            }
            if self.text.contains('\r') {
                self.text = with_line_feeds(&self.text);
            }
        }
        let left = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = left.len().min(into.len());
        for (place, byte) in into.iter_mut().zip(left) {
            *place = *byte;
        }
        self.at += count;
        Ok(count)
    }
}

/// The text with a line feed for each carriage return that stands alone, as old programs end their lines.
fn with_line_feeds(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut fed = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let alone = letter == '\r' && letters.peek() != Some(&'\n');
        fed.push(if alone { '\n' } else { letter });
    }
    fed
}

/// Reads until the buffer is full or the file ends; says how much that was.
fn full(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = into.get_mut(filled..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn encoding(file: &mut (impl Read + Seek)) -> io::Result<&'static Encoding> {
    let mut bytes = vec![0; PORTION];
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut text = String::new();
    let mut first = true;
    loop {
        let read = full(file, &mut bytes)?;
        let portion = bytes.get(..read).unwrap_or_default();
        if first {
            if let Some((encoding, _)) = Encoding::for_bom(portion) {
                return Ok(encoding);
            }
            if let Some(encoding) = utf_16(portion) {
                return Ok(encoding);
            }
            first = false;
        }
        let last = read < PORTION;
        text.clear();
        text.reserve(PORTION * 3 + 16);
        let (_, _, malformed) = decoder.decode_to_string(portion, &mut text, last);
        if malformed {
            return Ok(WINDOWS_1252);
        }
        if last {
            return Ok(UTF_8);
        }
    }
}

/// UTF-16 without a byte order mark: the beginning of a file of people is Latin enough to have a zero in every second byte of
/// most letters.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let beginning = bytes.get(..256.min(bytes.len())).unwrap_or_default();
    let zeros = |odd: usize| beginning.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, most) = (zeros(0), zeros(1), beginning.len() / 4);
    match (even > most, odd > most) {
        (true, false) => Some(UTF_16BE),
        (false, true) => Some(UTF_16LE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let mut decoded = Decoded::open(Cursor::new(bytes)).expect("readable");
        let mut text = String::new();
        decoded.read_to_string(&mut text).expect("UTF-8");
        (text, decoded.encoding())
    }

    fn utf_16(text: &str, big: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "Name;E-Mail\nJörg Müller;joerg@alpha.example\n";
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        let latin: Vec<u8> =
            text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(&[0xef, 0xbb, 0xbf], text.as_bytes().to_vec()), "UTF-8"),
            (marked(&[0xff, 0xfe], utf_16(text, false)), "UTF-16LE"),
            (marked(&[0xfe, 0xff], utf_16(text, true)), "UTF-16BE"),
            (utf_16(text, false), "UTF-16LE"),
            (utf_16(text, true), "UTF-16BE"),
            (latin, "windows-1252"),
        ] {
            assert_eq!(read(&bytes), (text.to_owned(), encoding));
        }
        assert_eq!(read(b"\x80 \x96"), ("€ –".to_owned(), "windows-1252"));
        assert_eq!(read(b""), (String::new(), "UTF-8"));
    }

    #[test]
    fn a_letter_on_the_border_of_two_portions_is_whole() {
        let text = format!("{}ö{}", "a".repeat(PORTION - 1), "b".repeat(PORTION));
        assert_eq!(read(text.as_bytes()), (text, "UTF-8"));
        let late = [vec![b'a'; PORTION + 5], vec![0xf6]].concat();
        assert!(read(&late).0.ends_with("aö") && read(&late).1 == "windows-1252");
    }

    #[test]
    fn a_carriage_return_that_stands_alone_ends_a_line() {
        assert_eq!(read(b"a\rb\r\nc\nd\r\re\r").0, "a\nb\r\nc\nd\n\ne\n");
        let border = |end: &str| [&"a".repeat(PORTION - 1), "\r", end, "b"].concat();
        assert!(read(border("\n").as_bytes()).0.ends_with("a\r\nb"));
        assert!(read(border("").as_bytes()).0.ends_with("a\nb"));
        let exact = format!("{}\r", "a".repeat(PORTION - 1));
        assert!(read(exact.as_bytes()).0.ends_with("a\n"), "the file ends with the portion");
    }
}
