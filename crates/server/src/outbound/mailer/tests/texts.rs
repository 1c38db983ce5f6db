//! Names, subjects and bodies of any characters arrive as they were given.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_arrives_as_it_was_given(
        name in text(false, 60), subject in text(false, 120), text in text(true, 400), html in text(true, 400),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let got = runtime.block_on(async {
            let sink = Sink::start(WILLING).await;
            let (to_name, subject) = (Some(name.clone()), subject.clone());
            let mail = Outgoing { to_name, subject, text: text.clone(), html: html.clone(), ..mail("zoe") };
            mailer(sink.port, &[]).send(&mail).await.expect("taken");
            sink.received().remove(0)
        });
        let to = format!("{} <zoe@customer.example>", name.trim());
        let to = if name.trim().is_empty() { "zoe@customer.example".to_owned() } else { to };
        prop_assert_eq!(got.field("To").expect("a recipient"), to);
        prop_assert_eq!(got.field("Subject").expect("a subject"), subject.trim());
        prop_assert_eq!(got.body("text/plain"), Some(text));
        prop_assert_eq!(got.body("text/html"), Some(html));
        prop_assert_eq!(got.fields.len(), 9, "{}", got.raw);
    }
}

/// Text of any characters but controls, with what means something in a mail; lines, if it may have several.
fn text(lines: bool, most: usize) -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        "=?utf-8?B?YQ==?=",
        "\"",
        "<",
        ">, ",
        "(",
        "\\",
        "@",
        "=",
        "=20",
        ".",
        "  ",
        " ",
        ":",
        ";",
        "Bcc: x",
        "--",
        "a long word and others ",
        "\u{feff}",
        "\u{202e}",
        "👩‍👩‍👧",
    ]);
    let breaks = proptest::sample::select(vec!["\n", "\n.\n", "\n\n", "\t", " \n", "\n--\n", "\nFrom x"]);
    let any = any::<char>().prop_filter("no control", |c| !c.is_control()).prop_map(String::from);
    let piece = if lines {
        prop_oneof![4 => any, 3 => special.prop_map(String::from), 2 => breaks.prop_map(String::from)].boxed()
    } else {
        prop_oneof![4 => any, 3 => special.prop_map(String::from)].boxed()
    };
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}
