//! Which column of a file is what: by the words of its header, by a mapping, or by what stands in its first row.

use crate::address::is_address;
use crate::csv::plain as plain_cell;
use crate::error::Error;

/// What a column can be, with the words by which headers call it: letters and digits alone.
const KNOWN: [(Field, &[&str]); 5] = [
    (
        Field::Email,
        &[
            "email",
            "mail",
            "emailaddress",
            "mailaddress",
            "emailadresse",
            "mailadresse",
            "primaryemail",
            "workemail",
        ],
    ),
    (Field::Name, &["name", "fullname", "displayname", "vollständigername", "anzeigename", "person"]),
    (Field::Given, &["firstname", "givenname", "vorname", "forename"]),
    (Field::Family, &["lastname", "familyname", "surname", "nachname", "familienname", "zuname"]),
    (
        Field::UserName,
        &[
            "username",
            "login",
            "loginname",
            "upn",
            "userprincipalname",
            "benutzername",
            "anmeldename",
            "benutzer",
        ],
    ),
];

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Email,
    Name,
    Given,
    Family,
    UserName,
}

/// The places of the columns of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    email: Option<usize>,
    name: Option<usize>,
    given: Option<usize>,
    family: Option<usize>,
    user_name: Option<usize>,
    /// Whether the first row has the names of the columns.
    pub(super) header: bool,
}

/// What a row says of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) user_name: Option<String>,
}

impl Columns {
    /// Finds the columns by a mapping such as `Name=name,Mail=email`, else by the words of a header, else by the address in the first row.
    ///
    /// # Errors
    /// [`Error::Refused`] for a mapping that cannot be used, and where no column has addresses or none has names.
    pub(super) fn of(first: &[String], mapping: Option<&str>) -> Result<Self, Error> {
        let mut columns = match mapping {
            Some(mapping) => Self::mapped(first, mapping)?,
            None => Self::guessed(first),
        };
        if columns.email.is_none() {
            let said = "no column has e-mail addresses: say which one with --map \"COLUMN=email\", by its name or number";
            return Err(Error::Refused(said.to_owned()));
        }
        if columns.name.is_none() && columns.given.is_none() && columns.family.is_none() {
            let said = "no column has names: say which one with --map \"COLUMN=name\", by its name or number";
            return Err(Error::Refused(said.to_owned()));
        }
        if mapping.is_some() {
            // A first row with an address is a person.
            let cell = |at: Option<usize>| at.and_then(|at| first.get(at));
            columns.header = !cell(columns.email).is_some_and(|cell| is_address(cell.trim()));
        }
        Ok(columns)
    }

    fn mapped(first: &[String], mapping: &str) -> Result<Self, Error> {
        let mut columns = Self::default();
        for pair in mapping.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let said = || {
                let fields = "name, given, family, email or user-name";
                Error::Refused(format!(
                    "\"{pair}\" maps no column: write it as COLUMN=FIELD, with one of {fields}"
                ))
            };
            let (column, field) = pair.rsplit_once('=').ok_or_else(said)?;
            let field = match plain(field).as_str() {
                "email" => Field::Email,
                "name" => Field::Name,
                "given" => Field::Given,
                "family" => Field::Family,
                "username" => Field::UserName,
                _ => return Err(said()),
            };
            let named = first.iter().position(|cell| plain(cell) == plain(column));
            let numbered = column.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let at = named.or(numbered.filter(|at| *at < first.len()));
            let Some(at) = at else {
                let all = first.join(", ");
                return Err(Error::Refused(format!(
                    "there is no column \"{}\": the first row is {all}",
                    column.trim()
                )));
            };
            *columns.place(field) = Some(at);
        }
        Ok(columns)
    }

    fn guessed(first: &[String]) -> Self {
        let mut columns = Self::default();
        let address = first.iter().position(|cell| is_address(cell.trim()));
        if address.is_some() {
            columns.email = address;
            // A number or a day is nobody's name.
            let named = |cell: &String| cell.chars().any(char::is_alphabetic) && !is_address(cell.trim());
            columns.name = first.iter().position(named);
            return columns;
        }
        columns.header = true;
        for (at, cell) in first.iter().enumerate() {
            let word = plain(cell);
            let found = KNOWN.iter().find(|(_, words)| words.contains(&word.as_str()));
            if let Some((field, _)) = found {
                columns.place(*field).get_or_insert(at);
            }
        }
        columns
    }

    /// The columns as a mapping, such as `Name=name,Mail=email`.
    pub(super) fn mapping(&self, first: &[String]) -> String {
        let fields = [
            ("name", self.name),
            ("given", self.given),
            ("family", self.family),
            ("email", self.email),
            ("user-name", self.user_name),
        ];
        let pair = |(field, at): (&str, Option<usize>)| {
            let at = at?;
            let named = first.get(at).filter(|_| self.header).filter(|cell| !cell.trim().is_empty());
            let column = named.map_or_else(|| (at + 1).to_string(), |cell| cell.trim().to_owned());
            Some(format!("{column}={field}"))
        };
        fields.into_iter().filter_map(pair).collect::<Vec<_>>().join(",")
    }

    const fn place(&mut self, field: Field) -> &mut Option<usize> {
        match field {
            Field::Email => &mut self.email,
            Field::Name => &mut self.name,
            Field::Given => &mut self.given,
            Field::Family => &mut self.family,
            Field::UserName => &mut self.user_name,
        }
    }

    /// What a row says.
    pub(super) fn cells(&self, row: &[String]) -> Cells {
        let cell =
            |at: Option<usize>| at.and_then(|at| row.get(at)).map_or("", |cell| plain_cell(cell.trim()));
        let both = format!("{} {}", cell(self.given), cell(self.family));
        let name = if cell(self.name).is_empty() { both.trim() } else { cell(self.name) };
        let user_name = Some(cell(self.user_name)).filter(|name| !name.is_empty());
        Cells {
            name: name.to_owned(),
            email: cell(self.email).to_owned(),
            user_name: user_name.map(str::to_owned),
        }
    }
}

/// A word of a header: letters and digits alone, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &str) -> Vec<String> {
        cells.split(';').map(str::to_owned).collect()
    }

    fn read(first: &str, mapping: Option<&str>, second: &str) -> (bool, String, String, Option<String>) {
        let columns = Columns::of(&row(first), mapping).expect("columns");
        let Cells { name, email, user_name } = columns.cells(&row(second));
        (columns.header, name, email, user_name)
    }

    #[test]
    fn headers_are_understood_in_english_and_german() {
        let ada = |user_name: Option<&str>| {
            (true, "Ada Byron".to_owned(), "a@x.example".to_owned(), user_name.map(str::to_owned))
        };
        assert_eq!(read("Name;E-Mail", None, "Ada Byron;a@x.example"), ada(None));
        assert_eq!(read("E-Mail-Adresse;Vorname;Nachname", None, "a@x.example;Ada;Byron"), ada(None));
        assert_eq!(
            read("id;Email Address;Full name;User Name", None, "1; a@x.example ;Ada Byron;ada"),
            ada(Some("ada"))
        );
        assert_eq!(read("Vollständiger Name;Mail;Benutzername", None, "Ada Byron;a@x.example; "), ada(None));
    }

    #[test]
    fn a_mapping_and_a_first_row_with_an_address_say_it_too() {
        let ada = |header| (header, "Ada".to_owned(), "a@x.example".to_owned(), None);
        assert_eq!(read("Wer;Wohin", Some("wer=name, Wohin=email"), "Ada;a@x.example"), ada(true));
        assert_eq!(read("a;Ada;a@x.example", Some("2=name,3=email"), "a;Ada;a@x.example"), ada(false));
        assert_eq!(read("a@x.example;Ada", None, "a@x.example;Ada"), ada(false));
        let refused =
            |first: &str, mapping| Columns::of(&row(first), mapping).expect_err("no use").to_string();
        assert!(refused("Name;City", None).contains("no column has e-mail addresses"));
        assert!(refused("Mail;City", None).contains("no column has names"));
        assert!(refused("Mail;Name", Some("Post=email")).contains("there is no column \"Post\""));
        assert!(refused("Mail;Name", Some("Mail=post")).contains("COLUMN=FIELD"));
        assert!(refused("Mail;Name", Some("Mail")).contains("COLUMN=FIELD"));
    }
}
