//! A file of people, row by row.

use std::collections::HashMap;
use std::io::{Cursor, Read, Seek};

use csv::{ReaderBuilder, StringRecord, Terminator, Trim};
use scim::text::{fold, fold_name};

use super::Row;
use super::columns::{Cells, Columns};
use super::decoded::Decoded;
use super::verdict::Verdict;
use crate::address::is_address;
use crate::error::Error;

/// The most rows of a file.
const MOST: u64 = 200_000;

/// The most bytes of a row.
const LONGEST: usize = 64 * 1024;

/// How much of a file is looked at to find what separates its columns.
const HEAD: u64 = 64 * 1024;

/// A file of people.
pub(super) struct File<R> {
    records: csv::Reader<std::io::Chain<Cursor<Vec<u8>>, Decoded<R>>>,
    columns: Columns,
    /// The first row, where it is a person.
    first: Option<StringRecord>,
    encoding: &'static str,
    mapping: String,
    /// The names and addresses that were read, folded, and in which row.
    seen: HashMap<String, u64>,
    rows: u64,
}

impl<R: Read + Seek> File<R> {
    /// Opens a file, with a mapping of its columns where one is given.
    ///
    /// # Errors
    /// [`Error::Refused`] for a file that cannot be read, is empty, or whose columns are not understood.
    pub(super) fn open(file: R, mapping: Option<&str>) -> Result<Self, Error> {
        let unreadable = |error: std::io::Error| Error::Refused(format!("the file cannot be read: {error}"));
        let mut decoded = Decoded::open(file).map_err(unreadable)?;
        let encoding = decoded.encoding();
        let mut head = Vec::new();
        decoded.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        let mut records = ReaderBuilder::new()
            .delimiter(delimiter(&head))
            // With its own ends of lines the reader counts those of Windows one too late; the other half is trimmed.
            .terminator(Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(Cursor::new(head).chain(decoded));
        let mut first = StringRecord::new();
        if !next(&mut records, &mut first)? {
            return Err(Error::Refused("the file is empty".to_owned()));
        }
        let columns = Columns::of(&cells(&first), mapping)?;
        let mapping = columns.mapping(&cells(&first));
        let first = (!columns.header).then_some(first);
        Ok(Self { records, columns, first, encoding, mapping, seen: HashMap::new(), rows: 0 })
    }

    /// The name of its encoding.
    pub(super) const fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// Which column is what, as a mapping.
    pub(super) fn mapping(&self) -> &str {
        &self.mapping
    }

    /// The next rows, at most `most`; none at the end.
    ///
    /// # Errors
    /// [`Error::Refused`] for a row that cannot be read, and for too many.
    pub(super) fn next(&mut self, most: usize) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut record = StringRecord::new();
        while rows.len() < most {
            if let Some(first) = self.first.take() {
                record = first;
            } else if !next(&mut self.records, &mut record)? {
                break;
            }
            if record.iter().all(str::is_empty) {
                continue;
            }
            self.rows += 1;
            if self.rows > MOST {
                return Err(Error::Refused(format!("the file has more than {MOST} rows: split it")));
            }
            let number = record.position().map_or(self.rows, csv::Position::line);
            let cells = self.columns.cells(&cells(&record));
            rows.push(self.row(number, cells));
        }
        Ok(rows)
    }

    fn row(&mut self, number: u64, Cells { name, email, user_name }: Cells) -> Row {
        let user_name = user_name.unwrap_or_else(|| email.clone());
        let (verdict, reason) = if name.is_empty() {
            (Verdict::NameMissing, Some("the name is missing".to_owned()))
        } else if !is_address(&email) {
            (Verdict::BadEmail, Some(format!("\"{email}\" is no e-mail address")))
        } else {
            let keys = [format!("user {}", fold_name(&user_name)), format!("mail {}", fold(&email))];
            let before = keys.iter().find_map(|key| self.seen.get(key).copied());
            if let Some(before) = before {
                (Verdict::Duplicate, Some(format!("line {before} has the same person")))
            } else {
                self.seen.extend(keys.map(|key| (key, number)));
                (Verdict::New, None)
            }
        };
        Row { number, name, email, user_name, verdict, reason, user: None }
    }
}

fn next(records: &mut csv::Reader<impl Read>, record: &mut StringRecord) -> Result<bool, Error> {
    let read = records
        .read_record(record)
        .map_err(|error| Error::Refused(format!("the file cannot be read: {error}")))?;
    let line = record.position().map_or(0, csv::Position::line);
    if record.as_slice().len() > LONGEST {
        let said =
            format!("line {line} is longer than any row of people: a quotation mark may have been left open");
        return Err(Error::Refused(said));
    }
    if record.as_slice().contains('\0') {
        return Err(Error::Refused(format!("line {line} is no text: save the file as CSV in UTF-8")));
    }
    Ok(read)
}

fn cells(record: &StringRecord) -> Vec<String> {
    record.iter().map(str::to_owned).collect()
}

/// What separates the columns: the comma, semicolon or tab that the first line has most of, outside of quotation marks.
fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    for byte in head.iter().take_while(|byte| **byte != b'\n') {
        if *byte == b'"' {
            quoted = !quoted;
        }
        counts
            .iter_mut()
            .filter(|(candidate, _)| !quoted && candidate == byte)
            .for_each(|(_, count)| *count += 1);
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, String, String, Verdict)> {
        let mut file = File::open(Cursor::new(text.as_bytes().to_vec()), None).expect("a file of people");
        let mut all = Vec::new();
        loop {
            let rows = file.next(2).expect("rows");
            if rows.is_empty() {
                return all;
            }
            all.extend(rows.into_iter().map(|row| (row.number, row.name, row.user_name, row.verdict)));
        }
    }

    fn row(number: u64, name: &str, user_name: &str, verdict: Verdict) -> (u64, String, String, Verdict) {
        (number, name.to_owned(), user_name.to_owned(), verdict)
    }

    #[test]
    fn rows_are_read_whatever_separates_them_and_each_has_its_verdict() {
        let expected = [
            row(2, "Ada Byron", "ada@x.example", Verdict::New),
            row(3, "Ben, Jr.", "ben@x.example", Verdict::New),
            row(4, "Ada again", "ADA@x.example", Verdict::Duplicate),
            row(5, "", "cleo@x.example", Verdict::NameMissing),
            row(6, "Dan", "dan", Verdict::BadEmail),
            row(8, "Eve", "eve@x.example", Verdict::New),
        ];
        for text in [
            "Name,Email\nAda Byron,ada@x.example\n\"Ben, Jr.\",ben@x.example\nAda again,ADA@x.example\n,cleo@x.example\nDan,dan\n,\nEve,eve@x.example",
            "Name;Email\r\nAda Byron;ada@x.example\r\nBen, Jr.;ben@x.example\r\nAda again;ADA@x.example\r\n;cleo@x.example\r\nDan;dan\r\n;\r\nEve;eve@x.example\r\n",
            "Name\tEmail\nAda Byron\tada@x.example\nBen, Jr.\tben@x.example\nAda again\tADA@x.example\n\tcleo@x.example\nDan\tdan\n\t\nEve\teve@x.example\tmore\n",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_without_a_header_begins_with_a_person() {
        let rows = read("Ada,ada@x.example\nBen,ben@x.example\n");
        assert_eq!(rows[0], row(1, "Ada", "ada@x.example", Verdict::New));
        assert_eq!(rows.len(), 2);
        let numbered =
            read("17,ada@x.example,2026-01-31,Ada Byron,Sales\n18,ben@x.example,2026-01-31,Ben,Sales\n");
        assert_eq!(numbered[0], row(1, "Ada Byron", "ada@x.example", Verdict::New));
    }

    #[test]
    fn lines_end_as_any_program_ends_them() {
        let expected =
            [row(2, "Ada", "ada@x.example", Verdict::New), row(3, "Ben", "ben@x.example", Verdict::New)];
        for end in ["\n", "\r\n", "\r"] {
            let text = ["Name,Email", "Ada,ada@x.example", "Ben,ben@x.example", ""].join(end);
            assert_eq!(read(&text), expected, "{end:?}");
        }
    }

    #[test]
    fn the_columns_are_told_as_they_could_be_given() {
        let told = |text: &str| {
            let file = File::open(Cursor::new(text.as_bytes().to_vec()), None).expect("a file of people");
            file.mapping().to_owned()
        };
        assert_eq!(told("Nr,Vorname,Nachname,E-Mail\n"), "Vorname=given,Nachname=family,E-Mail=email");
        assert_eq!(told("17,Ada Byron,ada@x.example\n"), "2=name,3=email");
    }

    #[test]
    fn what_is_no_file_of_people_is_refused_in_a_sentence() {
        let refused = |bytes: Vec<u8>| {
            let mut file = match File::open(Cursor::new(bytes), None) {
                Ok(file) => file,
                Err(error) => return error.to_string(),
            };
            file.next(10).expect_err("no people").to_string()
        };
        assert!(refused(Vec::new()).contains("is empty"));
        assert!(refused(b"PK\x03\x04\0\0binary,\n".to_vec()).contains("is no text"));
        assert!(refused(b"Fruit,Colour\n".to_vec()).contains("--map"));
        assert!(refused(b"17,ada@x.example\n".to_vec()).contains("no column has names"));
        let open = format!("Name,Email\n\"Ada,{}", "a@x.example\n".repeat(9_000));
        assert!(refused(open.into_bytes()).contains("quotation mark"));
    }
}
