//! The trees themselves, built by hand: what the print of a tree alone could hide.

use scim_filter_parser::{
    AttributePath, CompareOp, CompareValue, Comparison, ElementFilter, Filter, Offset, Path, parse_filter,
    parse_path,
};

#[test]
fn a_comparison_keeps_names_and_undoes_escapes() {
    let expected =
        compare("userName", CompareOp::Eq, CompareValue::String("A\"\\/\u{8}\u{c}\n\r\tÿ😀".to_owned()));
    let text = r#"userName eq "A\"\\\/\b\f\n\r\t\u00fF\ud83D\uDE00""#;
    assert_eq!(parse_filter(text), Ok(expected));
}

#[test]
fn every_operator_is_read_in_any_case() {
    let ops = [
        ("eq", CompareOp::Eq),
        ("ne", CompareOp::Ne),
        ("co", CompareOp::Co),
        ("sw", CompareOp::Sw),
        ("ew", CompareOp::Ew),
        ("gt", CompareOp::Gt),
        ("ge", CompareOp::Ge),
        ("lt", CompareOp::Lt),
        ("le", CompareOp::Le),
    ];
    for (word, op) in ops {
        let mixed = format!("{}{}", &word[..1], word[1..].to_uppercase());
        for word in [word.to_owned(), word.to_uppercase(), mixed] {
            let expected = compare("a", op, CompareValue::Null);
            assert_eq!(parse_filter(&format!("a {word} null")), Ok(expected), "{word}");
        }
        assert_eq!((op.as_str(), op.to_string()), (word, word.to_owned()));
    }
    assert_eq!(parse_filter("a pR"), Ok(present("a")));
}

#[test]
fn every_literal_is_read() {
    let literal = |text: &str| match parse_filter(&format!("a eq {text}")) {
        Ok(Filter::Compare(comparison)) => comparison.value,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(literal("true"), CompareValue::Bool(true));
    assert_eq!(literal("false"), CompareValue::Bool(false));
    assert_eq!(literal("null"), CompareValue::Null);
    assert_eq!(literal("\"\""), CompareValue::String(String::new()));
    for number in
        ["0", "-0", "7", "120", "-1305261754", "0.25", "10.50", "1e9", "1E+09", "-2.5e-10", "1e999999999"]
    {
        assert_eq!(literal(number), CompareValue::Number(number.to_owned()));
        let inside =
            parse_filter(&format!("a[b eq {number}] and (c eq {number})")).expect("brackets end numbers");
        assert_eq!(inside.to_string(), format!("a[b eq {number}] and c eq {number}"));
    }
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    let expected = Filter::Or(vec![
        present("a"),
        Filter::And(vec![present("b"), Filter::Not(Box::new(present("c"))), present("d")]),
        present("e"),
    ]);
    assert_eq!(parse_filter("a pr or b pr and not (c pr) and d pr or e pr"), Ok(expected));
}

#[test]
fn brackets_win_and_lists_are_flat() {
    let or = Filter::Or(vec![present("a"), present("b")]);
    let expected = Filter::And(vec![or, present("c")]);
    assert_eq!(parse_filter("(a pr or b pr) and c pr"), Ok(expected));

    let flat = Filter::Or(vec![present("a"), present("b"), present("c"), present("d")]);
    for text in [
        "(a pr or b pr) or (c pr or d pr)",
        "a pr or (b pr or (c pr or d pr))",
        "(((a pr) or b pr or c pr) or d pr)",
    ] {
        assert_eq!(parse_filter(text), Ok(flat.clone()), "{text}");
    }
    let flat = Filter::And(vec![present("a"), present("b"), present("c")]);
    assert_eq!(parse_filter("a pr AND (b pr aNd c pr)"), Ok(flat));
}

#[test]
fn a_value_path_holds_full_logic() {
    let inner = Filter::Or(vec![
        Filter::And(vec![
            compare("type", CompareOp::Eq, CompareValue::String("work".to_owned())),
            Filter::Not(Box::new(present("display"))),
        ]),
        present("primary"),
    ]);
    let element =
        Filter::Element(ElementFilter { path: attribute(None, "emails", None), filter: Box::new(inner) });
    let text = r#"title pr and emails[(type eq "work" and not (display pr)) or primary pr]"#;
    assert_eq!(parse_filter(text), Ok(Filter::And(vec![present("title"), element])));
}

#[test]
fn an_attribute_is_cut_at_its_last_colon() {
    let user = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let read = |text: &str| parse_path(text).map(|path| path.attribute);
    let manager = attribute(Some(user), "manager", Some("value"));
    assert_eq!(read(&format!("{user}:manager.value")), Ok(manager));
    let container = attribute(Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0"), "User", None);
    assert_eq!(read(user), Ok(container));
    let web = attribute(Some("https://schemas.shop.example/v1.0/~user?x=%20#y"), "badge", None);
    assert_eq!(read("https://schemas.shop.example/v1.0/~user?x=%20#y:badge"), Ok(web));
    assert_eq!(read("members.$ref"), Ok(attribute(None, "members", Some("$ref"))));
    assert_eq!(read("$a-b_9"), Ok(attribute(None, "$a-b_9", None)));
}

#[test]
fn keywords_are_names_where_a_name_must_stand() {
    let text =
        "and pr or or pr and not pr or pr pr and (eq eq 1 or not[and pr] and nothing pr) and not(not not.pr)";
    assert!(parse_filter(text).is_err(), "`not not.pr` lacks a bracket and an operator");
    let text =
        "and pr or or pr and not pr or pr pr and (eq eq 1 or not[and pr] and nothing pr) and not(Not.pr pr)";
    let expected = Filter::Or(vec![
        present("and"),
        Filter::And(vec![present("or"), present("not")]),
        Filter::And(vec![
            present("pr"),
            Filter::Or(vec![
                compare("eq", CompareOp::Eq, CompareValue::Number("1".to_owned())),
                Filter::And(vec![
                    Filter::Element(ElementFilter {
                        path: attribute(None, "not", None),
                        filter: Box::new(present("and")),
                    }),
                    present("nothing"),
                ]),
            ]),
            Filter::Not(Box::new(Filter::Present(attribute(None, "Not", Some("pr"))))),
        ]),
    ]);
    assert_eq!(parse_filter(text), Ok(expected));
}

#[test]
fn a_path_tells_the_attribute_from_the_elements_from_their_sub_attribute() {
    let filter = Some(Box::new(compare("primary", CompareOp::Ne, CompareValue::Bool(true))));
    let emails = attribute(None, "emails", None);
    let expected =
        Path { attribute: emails.clone(), filter: filter.clone(), sub: Some("display".to_owned()) };
    assert_eq!(parse_path("emails[primary ne true].display"), Ok(expected));
    assert_eq!(parse_path("emails[primary ne true]"), Ok(Path { attribute: emails, filter, sub: None }));
    let name = Path { attribute: attribute(None, "name", Some("formatted")), filter: None, sub: None };
    assert_eq!("name.formatted".parse(), Ok(name));
}

#[test]
fn offsets_are_those_of_the_text_and_do_not_tell_trees_apart() {
    let filter: Filter =
        r#"title pr and emails[value  sw "ä" and x:type eq 1]"#.replace("  ", " ").parse().expect("a filter");
    let Filter::And(items) = &filter else { panic!("{filter:?}") };
    let [Filter::Present(title), Filter::Element(element)] = items.as_slice() else { panic!("{filter:?}") };
    assert_eq!((title.offset.0, element.path.offset.0), (0, 13));
    let Filter::And(inner) = &*element.filter else { panic!("{filter:?}") };
    let [Filter::Compare(value), Filter::Compare(kind)] = inner.as_slice() else { panic!("{filter:?}") };
    assert_eq!((value.path.offset.0, value.offset.0), (20, 26));
    assert_eq!((kind.path.offset.0, kind.offset.0), (38, 45), "offsets count bytes");

    assert_eq!(parse_filter("((title pr))"), parse_filter("title pr"));
    assert_eq!(Offset(3), Offset(5));
    let trees = [parse_filter("((title pr))"), parse_filter("title pr")].map(|tree| tree.expect("a filter"));
    assert_eq!(std::collections::HashSet::from(trees).len(), 1, "equal trees hash alike");
}

#[test]
fn printing_escapes_what_must_be_and_brackets_what_would_change() {
    let value = CompareValue::String("\"\\/\u{0}\u{8}\u{c}\n\r\t\u{1f}\u{7f}ä😀".to_owned());
    assert_eq!(value.to_string(), "\"\\\"\\\\/\\u0000\\b\\f\\n\\r\\t\\u001f\u{7f}ä😀\"");
    let or = Filter::Or(vec![present("a"), present("b")]);
    assert_eq!(Filter::And(vec![or.clone(), present("c")]).to_string(), "(a pr or b pr) and c pr");
    assert_eq!(
        Filter::Or(vec![Filter::And(vec![present("a"), present("b")]), present("c")]).to_string(),
        "a pr and b pr or c pr"
    );
    assert_eq!(Filter::Not(Box::new(or)).to_string(), "not (a pr or b pr)");
}

fn present(name: &str) -> Filter {
    Filter::Present(attribute(None, name, None))
}

fn compare(name: &str, op: CompareOp, value: CompareValue) -> Filter {
    Filter::Compare(Comparison { path: attribute(None, name, None), op, value, offset: Offset::default() })
}

fn attribute(schema: Option<&str>, name: &str, sub: Option<&str>) -> AttributePath {
    let owned = str::to_owned;
    AttributePath {
        schema: schema.map(owned),
        name: owned(name),
        sub: sub.map(owned),
        offset: Offset::default(),
    }
}
