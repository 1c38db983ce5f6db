//! The invented names of the demo: every person, company and place in it is made up.

/// The company whose directory is Entra ID, and the tenant of the demo.
pub(super) const COMPANY: &str = "Northlight Instruments";
/// The company that it bought, whose directory is JumpCloud.
pub(super) const BOUGHT_COMPANY: &str = "Saltmarsh Robotics";
pub(super) const DOMAIN: &str = "northlight.example";
pub(super) const BOUGHT_DOMAIN: &str = "saltmarsh.example";

/// As many as no other list here, so that pairs of a given and a family name do not repeat.
pub(super) const GIVEN: [&str; 53] = [
    "Noor", "Tobias", "Ilse", "Priya", "Mateo", "Zoë", "Anselm", "Keiko", "Rafael", "Saoirse", "Dmitri",
    "Amara", "Lukas", "Yasmin", "Björn", "Chiara", "Emeka", "Freya", "Gustav", "Hana", "Imran", "Jolanta",
    "Kofi", "Leonie", "Marek", "Nadia", "Oskar", "Paloma", "Quentin", "Rosalind", "Søren", "Tamsin",
    "Ulrike", "Vikram", "Wren", "Ximena", "Yusuf", "Zofia", "Alasdair", "Beatriz", "Casper", "Dagny", "Elif",
    "Farouk", "Greta", "Henrik", "Ingrid", "Jerome", "Katya", "Lorcan", "Mirela", "Niamh", "Otto",
];

pub(super) const FAMILY: [&str; 59] = [
    "Halvorsen",
    "Adeyemi",
    "Brandt",
    "Castellano",
    "Duarte",
    "Eskola",
    "Fairweather",
    "Grünwald",
    "Haddad",
    "Ivanova",
    "Jansma",
    "Kowalczyk",
    "Lindqvist",
    "Marchetti",
    "Nakagawa",
    "Okonkwo",
    "Petrov",
    "Quintero",
    "Rasmussen",
    "Santoro",
    "Thibault",
    "Ueda",
    "Vasquez",
    "Whitlock",
    "Yamamoto",
    "Zieliński",
    "Abernathy",
    "Bellweather",
    "Cardoso",
    "Delacroix",
    "Engström",
    "Fitzgerald",
    "Gallardo",
    "Hawthorne",
    "Iversen",
    "Jankowski",
    "Kessler",
    "Lombardi",
    "Moreau",
    "Novak",
    "O'Connell",
    "Pellegrini",
    "Ramanathan",
    "Sandoval",
    "Tanaka",
    "Underhill",
    "Verhoeven",
    "Wetherby",
    "Yilmaz",
    "Zabriskie",
    "Achterberg",
    "Bianchi",
    "Cairns",
    "Drozd",
    "Ellingsen",
    "Farkas",
    "Guerrero",
    "Holmgren",
    "Ibarra",
];

pub(super) const DEPARTMENTS: [&str; 8] =
    ["Design", "Engineering", "Finance", "Legal", "Operations", "People", "Sales", "Support"];

/// A title for each department.
pub(super) const TITLES: [&str; 8] = [
    "Product Designer",
    "Optical Engineer",
    "Financial Controller",
    "Counsel",
    "Production Planner",
    "People Partner",
    "Account Manager",
    "Service Engineer",
];

/// Office, country, time of the street address and preferred language.
pub(super) const OFFICES: [Office; 3] = [
    Office { city: "Bergen", region: "Vestland", country: "Norway", street: "Fyrveien", language: "nb-NO" },
    Office {
        city: "Lisbon",
        region: "Lisboa",
        country: "Portugal",
        street: "Rua do Farol",
        language: "pt-PT",
    },
    Office {
        city: "Leith",
        region: "Lothian",
        country: "United Kingdom",
        street: "Lamp Row",
        language: "en-GB",
    },
];

/// One place where the company works.
pub(super) struct Office {
    pub(super) city: &'static str,
    pub(super) region: &'static str,
    pub(super) country: &'static str,
    pub(super) street: &'static str,
    pub(super) language: &'static str,
}

/// A name as it stands in an address: letters of ASCII, in lower case.
pub(super) fn in_address(name: &str) -> String {
    name.chars()
        .filter_map(|letter| match letter {
            'ë' | 'é' => Some('e'),
            'ö' | 'ø' => Some('o'),
            'ü' => Some('u'),
            'ń' => Some('n'),
            letter => letter.is_ascii_alphabetic().then(|| letter.to_ascii_lowercase()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_every_letter_of_a_name() {
        for name in GIVEN.iter().chain(&FAMILY) {
            let letters = name.chars().filter(|letter| letter.is_alphabetic()).count();
            assert_eq!(in_address(name).len(), letters, "a letter of {name} is lost or not ASCII");
        }
    }
}
