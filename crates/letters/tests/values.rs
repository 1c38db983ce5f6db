//! Values from people and directories: whatever they hold, a letter stays a letter.

use letters::{Content, Fact, Kind, Language, Letter, Message, Progress, Step, render, sample};

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "a\r\nBcc: all@victim.example\r\n\r\nbody",
    "{{ organisation }}{% for a in b %}{# c #}",
    "&lt;b&gt; &amp;amp;",
    "שלום עולם",
    "\u{202e}gnp.exe\u{202c}",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "zero\u{200b}width\u{200d}\u{feff}",
    "\u{0}\u{7}\u{1b}[31mred",
    "<td class=\"mark done\"><h1>",
    "=== foot\n--\nSomeone Else",
    "javascript:alert(1)",
    "",
    "   ",
];

#[test]
fn whatever_a_value_holds_the_letter_keeps_its_shape() {
    for kind in Kind::ALL {
        for language in Language::ALL.iter().copied() {
            for value in HOSTILE {
                let letter = render(language, &with(kind, value), None)
                    .unwrap_or_else(|error| panic!("{kind} {language} {value:?}: {error}"));
                let tame = render(language, &with(kind, "x"), None).unwrap();
                keeps_its_shape(&letter, &tame, &format!("{kind} {language} {value:?}"));
            }
        }
    }
}

fn keeps_its_shape(letter: &Letter, tame: &Letter, place: &str) {
    assert!(!letter.subject.chars().any(char::is_control), "{place}: {:?}", letter.subject);
    assert!(!letter.subject.contains(['\u{202e}', '\u{202c}']), "{place}");
    assert!(!letter.text.chars().any(|c| c.is_control() && c != '\n'), "{place}: {}", letter.text);
    // A value that is empty leaves out what stood around it, and no value adds an element or a link.
    let count = |html: &str, what: &str| html.matches(what).count();
    for element in ["<", "href=\"", "style=\"", "class=\""] {
        assert!(
            count(&letter.html, element) <= count(&tame.html, element),
            "{place} adds {element}\n{}",
            letter.html
        );
    }
    for never in ["<script", "<img", "href=\"javascript"] {
        assert!(!letter.html.contains(never), "{place} has {never}\n{}", letter.html);
    }
    assert!(letter.text.lines().filter(|line| *line == "--").count() == 1, "{place}: {}", letter.text);
    assert!(!letter.text.lines().any(|line| line.starts_with("Bcc:")), "{place}: {}", letter.text);
}

#[test]
fn values_stand_in_the_letter_as_they_are() {
    let letter = render(Language::DEFAULT, &with(Kind::Invitation, "O'Neill & <Søns> 😀"), None).unwrap();
    assert!(letter.text.contains("Hello O'Neill & <Søns> 😀,"), "{}", letter.text);
    assert!(letter.html.contains("Hello O&#39;Neill &amp; &lt;Søns&gt; 😀,"), "{}", letter.html);
    let letter = render(Language::DEFAULT, &with(Kind::Invitation, "{{ sign_in }}"), None).unwrap();
    assert!(letter.text.contains("Hello {{ sign_in }},"), "a value is no template: {}", letter.text);
}

#[test]
fn long_values_are_cut() {
    for value in ["é".repeat(100_000), "word ".repeat(100_000), "\"".repeat(100_000)] {
        for kind in Kind::ALL {
            let letter = render(Language::DEFAULT, &with(kind, &value), None).unwrap();
            assert!(letter.subject.chars().count() <= 200, "{kind}");
            assert!(letter.html.len() < 200_000, "{kind}: {}", letter.html.len());
            assert!(letter.text.len() < 100_000, "{kind}: {}", letter.text.len());
        }
    }
}

#[test]
fn the_longest_alert_is_a_letter() {
    let long = "\"".repeat(10_000);
    let mut content = with(Kind::Alert, &long);
    let Message::Alert(alert) = &mut content.message else { panic!("an alert") };
    alert.paragraphs = vec![long.clone(); 1_000];
    alert.facts = vec![Fact { name: long.clone(), value: long.clone() }; 1_000];
    let letter = render(Language::DEFAULT, &content, None).unwrap();
    assert_eq!(
        letter.html.matches("class=\"t2 line\" width").count(),
        50,
        "facts beyond the fiftieth are left out"
    );
}

#[test]
fn a_greeting_without_a_name_is_a_greeting() {
    for name in [None, Some(String::new()), Some(" \r\n".to_owned())] {
        let content = Content { name, ..sample(Kind::Code) };
        let letter = render(Language::DEFAULT, &content, None).unwrap();
        assert!(letter.text.starts_with("Hello,\n"), "{}", letter.text);
        assert!(letter.html.contains("<p style=\"margin:12px 0 0;\">Hello, enter"), "{}", letter.html);
    }
}

#[test]
fn numbers_agree_with_their_nouns() {
    let mut content = sample(Kind::Code);
    let Message::Code(code) = &mut content.message else { panic!("a code") };
    code.minutes = 1;
    code.device = None;
    let [en, de] = ["en", "de"].map(|tag| render(tag.parse().unwrap(), &content, None).unwrap().text);
    assert!(en.contains("valid for 1 minute, once."), "{en}");
    assert!(de.contains("gilt eine Minute lang und nur einmal."), "{de}");

    let mut content = sample(Kind::Reminder);
    let Message::Reminder(reminder) = &mut content.message else { panic!("a reminder") };
    reminder.steps.pop();
    let [en, de] = ["en", "de"].map(|tag| render(tag.parse().unwrap(), &content, None).unwrap().subject);
    assert_eq!(
        [en, de],
        ["One step left to use Latchkey", "Noch ein Schritt, dann können Sie Latchkey nutzen"]
    );
}

#[test]
fn the_first_step_that_is_not_done_is_the_next_one() {
    let mut content = sample(Kind::Reminder);
    let Message::Reminder(reminder) = &mut content.message else { panic!("a reminder") };
    let step = |step, done| Progress { step, done };
    reminder.steps = vec![
        step(Step::Open, false),
        step(Step::SignIn(None), true),
        step(Step::Verify, true),
        step(Step::Pin, false),
        step(Step::Restore, false),
    ];
    let text = render(Language::DEFAULT, &content, None).unwrap().text;
    let marked: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(
        marked,
        [
            "[>] Open the invitation and install Latchkey",
            "[x] Signed in",
            "[x] E-mail address verified",
            "[ ] Create and confirm a PIN",
            "[ ] Restore from your backup file",
        ]
    );
}

/// A sample with a value in the place of everything that people, directories and tenants supply.
fn with(kind: Kind, value: &str) -> Content {
    let mut content = sample(kind);
    let text = || value.to_owned();
    content.name = Some(text());
    content.sender.application = text();
    content.sender.organisation = format!("Org {value}");
    match &mut content.message {
        Message::Invitation(invitation) => {
            invitation.sign_in = text();
            invitation.introduction = Some(text());
        }
        Message::Code(code) => {
            code.code = text();
            code.device = Some(text());
        }
        Message::Reminder(reminder) => {
            reminder.steps[1] = Progress { step: Step::SignIn(Some(text())), done: true };
        }
        Message::Return(back) => back.sign_in = text(),
        Message::Deactivated(_) => {}
        Message::Alert(alert) => {
            alert.subject = format!("Alert {value}");
            alert.title = text();
            alert.summary = text();
            alert.paragraphs = vec![text(), text()];
            alert.facts = vec![Fact { name: text(), value: text() }; 3];
            alert.advice = Some(text());
            alert.note = Some(text());
            alert.reference = Some(text());
        }
        Message::Test(test) => test.server = Some(text()),
    }
    content
}
