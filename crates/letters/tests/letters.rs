//! The letters as they are: each sample in each language against the files beside this one, and what they have in common.
//!
//! `LETTERS_REWRITE=1 cargo test -p letters` writes the files anew; look at the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use letters::{Kind, Language, check, original, render, sample};

#[test]
fn each_sample_is_the_letter_that_is_kept() {
    let mut different = Vec::new();
    for (language, kind) in all() {
        let letter = render(language, &sample(kind), None).unwrap();
        let text = format!("Subject: {}\n\n{}", letter.subject, letter.text);
        for (end, now) in [("txt", text), ("html", letter.html)] {
            let file = kept(language, kind, end);
            if rewrites() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &now).unwrap();
            }
            let before = fs::read_to_string(&file).unwrap_or_default();
            let line = before.lines().zip(now.lines()).position(|(before, now)| before != now);
            if before != now {
                different.push(format!("{} differs, first in line {line:?} (from 0)", file.display()));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn nothing_else_is_kept() {
    let expected = all().flat_map(|(language, kind)| ["html", "txt"].map(|end| kept(language, kind, end)));
    let expected: Vec<PathBuf> = expected.collect();
    for folder in fs::read_dir(here("tests/letters")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            assert!(expected.contains(&file), "{} belongs to no letter", file.display());
        }
    }
}

#[test]
fn our_own_templates_pass_the_check_of_those_of_a_tenant() {
    for (language, kind) in all() {
        let ours = original(language, kind);
        assert_eq!(check(kind, &ours), Ok(()), "{language} {kind}");
        let (plain, own) = (
            render(language, &sample(kind), None).unwrap(),
            render(language, &sample(kind), Some(&ours)).unwrap(),
        );
        assert_eq!((plain.subject, plain.text), (own.subject, own.text));
    }
}

#[test]
fn letters_are_laid_out_for_mail_programs() {
    for (language, kind) in all() {
        let letter = render(language, &sample(kind), None).unwrap();
        let place = format!("{language} {kind}");
        for line in letter.text.lines().filter(|line| !line.contains("https://")) {
            assert!(line.chars().count() <= 76, "{place}: {line}");
        }
        assert!(letter.text.ends_with("\n\n--\nKestrel Maritime\n"), "{place}: {}", letter.text);
        for left_over in ["{{", "{%", "===", "FONT", "class=\"mark", "class=\"item\"", "\n\n\n"] {
            assert!(!letter.text.contains(left_over), "{place} shows {left_over}");
            assert!(!letter.html.contains(left_over), "{place} shows {left_over}");
        }
        for fetched in ["<img", "<script", "<link", "url(", "src="] {
            assert!(!letter.html.contains(fetched), "{place} has {fetched}");
        }
        assert!(letter.html.contains(&format!("<html lang=\"{language}\"")), "{place}");
        assert!(letter.html.contains("prefers-color-scheme: dark"), "{place}");
    }
}

#[test]
fn help_of_a_tenant_stands_in_every_letter() {
    for (language, kind) in all() {
        let letter = render(language, &sample(kind), None).unwrap();
        for link in ["https://help.kestrel.example/latchkey", "https://help.kestrel.example/new"] {
            assert!(letter.html.contains(&format!("href=\"{link}\"")), "{language} {kind}: {link}");
            assert!(letter.text.lines().any(|line| line == link), "{language} {kind}: {link}");
        }
    }
}

fn all() -> impl Iterator<Item = (Language, Kind)> {
    Language::ALL.iter().flat_map(|language| Kind::ALL.map(|kind| (*language, kind)))
}

fn kept(language: Language, kind: Kind, end: &str) -> PathBuf {
    here("tests/letters").join(language.as_str()).join(format!("{kind}.{end}"))
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
fn rewrites() -> bool {
    std::env::var("LETTERS_REWRITE").is_ok()
}
