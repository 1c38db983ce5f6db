//! Templates of a tenant: what is refused, with its line and in which words, and that whatever passes renders.

use letters::{Content, Kind, Language, Message, Override, Part, check, original, render, sample, variables};
use proptest::prelude::*;

fn text(source: &str) -> Override {
    Override { text: Some(source.to_owned()), ..Override::default() }
}

fn html(source: &str) -> Override {
    Override { html: Some(source.to_owned()), ..Override::default() }
}

/// What a check of a reminder says about a text.
fn said(own: &Override) -> String {
    check(Kind::Reminder, own).expect_err("is refused").to_string()
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (source, says) in [
        ("Hello {{ nme }}", "text, line 1: there is no variable “nme”. Did you mean “name”?"),
        ("a\n\n{{ next_stp }}", "text, line 3: there is no variable “next_stp”. Did you mean “next_step”?"),
        (
            "{% if orgnisation %}a{% endif %}",
            "text, line 1: there is no variable “orgnisation”. Did you mean “organisation”?",
        ),
        ("{{ zzzzzzzzzz }}", "text, line 1: there is no variable “zzzzzzzzzz”: there are link, steps"),
        ("{% for step in stps %}{% endfor %}", "there is no variable “stps”. Did you mean “steps”?"),
        (
            "{% for step in steps %}{{ step.wrds }}{% endfor %}",
            "there is no part of step “wrds”. Did you mean “words”?",
        ),
        (
            "{% for s in steps %}{{ loop.indx }}{% endfor %}",
            "there is no part of loop “indx”. Did you mean “index”?",
        ),
        ("{{ loop.index }}", "there is no variable “loop”"),
        ("{% for step in steps %}{% endfor %}{{ step.words }}", "there is no variable “step”"),
        ("{{ organisation.name }}", "“organisation” has no parts: write {{ organisation }}"),
        ("Hello {{ name }}", "“name” may be empty: write {% if name %} before and {% endif %} behind"),
        ("{% if faq %}{{ name }}{% endif %}", "“name” may be empty"),
        ("{% if name %}a{% endif %}{{ name }}", "“name” may be empty"),
        ("{{ steps }}", "this is a list or no text"),
        ("{% for step in steps %}{{ step }}{% endfor %}", "this is a list or no text"),
        ("{{ organisation", "{{ is never closed"),
        ("a\nb {% if name", "line 2: {% is never closed"),
        ("{# a", "{# is never closed"),
        ("{{ \"a }}", "a quote is opened and never closed"),
        ("{{ \"a\\\"\" }}", "a text in quotes has no \\ in it"),
        ("{% if faq %}a", "the template is not complete"),
        ("{% endif %}", "the template is not complete"),
        ("{{ }}", "the template is not complete"),
        ("{{ organisation application }}", "the template is not complete"),
        ("{% %}", "a word such as if or for is missing"),
        (
            "{{ button(\"https://evil.example\", \"x\") }}",
            "a button leads to a variable that is a link: link",
        ),
        ("{{ button(organisation, \"x\") }}", "a button leads to a variable that is a link: link"),
        ("{{ button(link) }}", "a button has a link and a label"),
        ("{{ debug() }}", "there is no function “debug”"),
        ("{{ organisation.upper() }}", "there is no function “upper”"),
        ("{{ organisation | upper }}", "there are no filters"),
        ("{{ organisation is defined }}", "“is” is not known"),
        ("{{ left * 2 }}", "there is no arithmetic in a template"),
        ("{{ [left] }}", "there are no lists and no brackets in a template"),
        ("{{ left ; 2 }}", "“;” has no meaning between braces"),
        ("{% set a = 1 %}", "“set” is not allowed: a template has if, elif, else, endif, for and endfor"),
        (" \n ", "this is empty"),
    ] {
        let all = said(&text(source));
        assert!(all.contains(says), "{source:?}: {all}");
    }
}

/// Everything that could cost more than its length is refused, when it is saved and when it is used.
#[test]
fn nothing_that_multiplies_gets_through() {
    let doubled = format!("{{% set a = 'xxxxxxxxxx' %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(60));
    let nested = "{% for a in steps %}".repeat(20) + &"{% endfor %}".repeat(20);
    let sources = [
        "{{ [1]*100000000 }}",
        "{{ ([1]*100000000) ~ '' }}",
        "{{ 'x'*100000000 }}",
        "{{ \"a\" * 100000000 }}",
        "{{ 2**100000 }}",
        "{{ 10 // 3 }}",
        "{{ 10 % 3 }}",
        "{{ 1 + 1 }}",
        "{% for a in [1]*100000000 %}x{% endfor %}",
        "{% for a in range(100000000) %}x{% endfor %}",
        "{% for a in (1, 2, 3) %}x{% endfor %}",
        "{% for a in steps recursive %}{{ loop(steps) }}{% endfor %}",
        "{% for a in steps if a %}x{% endfor %}",
        "{% for a, b in steps %}x{% endfor %}",
        "{% for a in steps[0] %}x{% endfor %}",
        "{% for a in not %}x{% endfor %}",
        "{% for a in steps ~ steps %}x{% endfor %}",
        "{% for a in 'abc' %}x{% endfor %}",
        "{% for a in steps %}{% for b in steps %}x{% endfor %}{% endfor %}",
        "{% set a = 1 %}",
        "{% set a %}x{% endset %}",
        "{% with a = 1 %}x{% endwith %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape false %}<script>{% endautoescape %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'text' %}",
        "{% extends 'text' %}",
        "{% import 'text' as t %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% raw %}{{ organisation }}{% endraw %}",
        "{% do button(link, 'x') %}",
        "{%- set a = 1 -%}",
        "{%+ set a = 1 %}",
        "{{ {'a': 1} }}",
        "{{ {} }}",
        "{{ range(100000000) }}",
        "{{ self }}",
        &doubled,
        &nested,
    ];
    for source in sources {
        for own in
            [text(source), html(source), Override { subject: Some(source.into()), ..Override::default() }]
        {
            assert!(check(Kind::Reminder, &own).is_err(), "{source}");
            if !source.contains("self") && !source.starts_with("{{ {}") {
                let rendered = render(Language::DEFAULT, &sample(Kind::Reminder), Some(&own));
                assert!(rendered.is_err(), "{source} is used although it would be refused");
            }
        }
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    for (source, says) in [
        ("x".repeat(50_001), "longer than 50000 characters"),
        (format!("{{{{ {} }}}}", "organisation ~ ".repeat(30)), "longer than 300 characters"),
        (format!("{{{{ {}link{} }}}}", "(".repeat(5_000), ")".repeat(5_000)), "longer than 300 characters"),
        (format!("{{{{ {} link }}}}", "not ".repeat(5_000)), "longer than 300 characters"),
        ("{{ organisation }}".repeat(301), "at most 300 pairs of braces"),
        (format!("{{% if faq %}}{}{{% endif %}}", "{% elif faq %}".repeat(400)), "at most 300 pairs"),
        ("{% if faq %}".repeat(140) + &"{% endif %}".repeat(140), ""),
        (format!("{{% if faq %}}{}{{% endif %}}", "{% elif faq %}".repeat(290)), ""),
        (format!("{{{{ {}link{} }}}}", "(".repeat(140), ")".repeat(140)), ""),
        (format!("{{{{ {} link }}}}", "not ".repeat(70)), ""),
    ] {
        let checked = check(Kind::Reminder, &text(&source));
        // What has no words here may pass or not; it has ended.
        assert!(says.is_empty() || checked.clone().is_err_and(|e| e.message.contains(says)), "{checked:?}");
    }
    let subject = Override { subject: Some("x".repeat(501)), ..Override::default() };
    assert_eq!(said(&subject), "subject, line 1: this is longer than 500 characters: shorten it");
    let long = format!("{{% for step in steps %}}{}{{% endfor %}}", "x".repeat(49_000));
    let mut content = sample(Kind::Reminder);
    let Message::Reminder(reminder) = &mut content.message else { panic!("a reminder") };
    reminder.steps = vec![reminder.steps[0].clone(); 1_000];
    let rendered = render(Language::DEFAULT, &content, Some(&text(&long)));
    let error = rendered.expect_err("is too long").message;
    assert!(error.contains("a mail that is too long: shorten it"), "{error}");
}

#[test]
fn html_of_a_tenant_is_looked_at_in_every_branch() {
    for (source, says) in [
        ("<p>a</p>\n<script>x</script>", "html, line 2: <script> is not allowed"),
        ("{% if not organisation %}\n\n<img src=\"x\">{% endif %}", "html, line 3: <img> is not allowed"),
        (
            "<a href=\"{{ organisation }}\">a</a>",
            "an href begins with https://, http:// or mailto:, or is a variable",
        ),
        ("<a href=\"java{{ link }}\">a</a>", "an href begins with"),
        ("<{{ organisation }}>", "< does not begin an element"),
        ("<p {{ organisation }}>", "something in <p> is no attribute"),
        ("<p class={{ organisation }}>", "needs its value in quotes"),
        ("<p title=\"{{ button(link, 'x') }}\">a</p>", "html, line 1"),
        ("<p>{% if faq %}</p>{% endif %}", "<p> is never closed"),
        ("</td></tr></table><p>a</p>", "</td> closes nothing"),
        ("<!-- {{ organisation }} -->", "<! is not allowed: write comments as {# … #}"),
    ] {
        let all = said(&html(source));
        assert!(all.contains(says), "{source}: {all}");
    }
}

#[test]
fn templates_of_a_tenant_stand_in_our_frame() {
    let own = Override {
        subject: Some("{{ left }} to go\n{# a comment #}".into()),
        text: Some("Aloha{% if name %} {{ name }}{% endif %}!\n\n{{ button(link, \"Go on\") }}\n{% for step in steps %}\n- {{ loop.index }} {{ step.words }}\n{% endfor %}".into()),
        html: Some("<h1>Aloha</h1>\n{{ button(link, \"Go <on>\") }}<p><a href=\"{{ link }}\">x</a> {{ steps | length if false else 'y' }}</p>".replace(" | length", "")),
    };
    check(Kind::Reminder, &own).unwrap();
    let letter = render(Language::DEFAULT, &sample(Kind::Reminder), Some(&own)).unwrap();
    assert_eq!(letter.subject, "2 to go");
    assert!(
        letter.text.starts_with(
            "Aloha Keoni!\n\nGo on:\nhttps://rollcall.kestrel.example/e/7Qx2-continue\n- 1 Invitation"
        ),
        "{}",
        letter.text
    );
    assert!(letter.text.contains("This is reminder 2 of 2."), "the small print stays ours: {}", letter.text);
    assert!(letter.html.contains("<h1 class=\"t1\""), "dressed: {}", letter.html);
    assert!(letter.html.contains("Go &lt;on&gt;</a>"), "{}", letter.html);
    assert!(letter.html.contains("This is reminder 2 of 2."), "the small print stays ours: {}", letter.html);
    assert!(
        !letter.html.contains("It takes a few minutes"),
        "our words beside those of the tenant: {}",
        letter.html
    );
    let text_alone = render(Language::DEFAULT, &sample(Kind::Reminder), Some(&text("Aloha"))).unwrap();
    assert!(text_alone.html.contains("You are nearly there"), "what is left out is ours");
    assert_eq!(
        said(&Override { subject: Some("{% if not left %}a{% endif %}".into()), ..Override::default() }),
        "subject, line 1: the subject is empty: write one"
    );
}

#[test]
fn errors_name_their_part() {
    for (own, part) in [
        (Override { subject: Some("{{ x }}".into()), ..Override::default() }, Part::Subject),
        (text("{{ x }}"), Part::Text),
        (html("{{ x }}"), Part::Html),
    ] {
        assert_eq!(check(Kind::Code, &own).unwrap_err().part, part);
        assert_eq!(render(Language::DEFAULT, &sample(Kind::Code), Some(&own)).unwrap_err().part, part);
    }
}

#[test]
fn every_variable_that_is_listed_exists_in_each_kind() {
    for kind in Kind::ALL {
        for variable in variables(kind) {
            let name = variable.name;
            let source = if ["steps", "facts", "paragraphs"].contains(&name) {
                format!("{{% for item in {name} %}}x{{% endfor %}}")
            } else {
                format!("{{% if {name} %}}{{{{ {name} }}}}{{% endif %}}")
            };
            assert_eq!(check(kind, &text(&format!("a {source}"))), Ok(()), "{kind} {name}");
            let alone = check(kind, &text(&format!("a {{{{ {name} }}}}")));
            let is_list = alone.as_ref().is_err_and(|error| error.message.contains("list"));
            assert!(is_list || alone.is_err() == variable.optional, "{kind} {name}: {alone:?}");
            if variable.link {
                let linked = format!(
                    "{{% if {name} %}}<a href=\"{{{{ {name} }}}}\">x</a>{{{{ button({name}, \"x\") }}}}{{% endif %}}"
                );
                assert_eq!(check(kind, &html(&linked)), Ok(()), "{kind} {name}");
            }
        }
    }
}

#[test]
fn the_originals_can_be_changed_and_saved() {
    let ours = original(Language::DEFAULT, Kind::Invitation);
    let changed = ours.text.unwrap().replace("Hello", "Aloha");
    assert_eq!(check(Kind::Invitation, &text(&changed)), Ok(()));
    assert!(ours.subject.unwrap().contains("{{ organisation }}"));
    assert!(ours.html.unwrap().contains("<h1>"));
}

#[test]
fn a_template_is_tried_with_every_number_every_count_of_steps_and_each_value_that_may_be_missing() {
    for source in [
        "{% if number == 1 %}<b>{% endif %}Go on: {{ link }}",
        "{% if number == 3 %}<b>{% endif %}Go on: {{ link }}",
        "{% if left == 0 %}<b>{% endif %}Go on: {{ link }}",
        "{% if left == 1 %}<b>{% endif %}Go on: {{ link }}",
        "{% if left == 4 %}<b>{% endif %}Go on: {{ link }}",
        "{% if name %}<b>{% endif %}{% if faq %}</b>{% endif %}",
        "{% if began_on and not of %}<b>{% endif %}",
        "{% if support %}{% else %}<b>{% endif %}",
    ] {
        let refused = check(Kind::Reminder, &html(source)).expect_err(source);
        assert_eq!(refused.part, Part::Html, "{source}");
    }
    for kind in Kind::ALL {
        for language in Language::ALL {
            assert_eq!(check(kind, &original(*language, kind)), Ok(()), "{kind} in {language:?}");
        }
    }
}

/// Content without anything that may be missing.
fn bare(kind: Kind) -> Content {
    let mut content = sample(kind);
    content.name = None;
    content.sender.support = None;
    content.sender.faq = None;
    content.sender.case = None;
    content
}

proptest! {
    #[test]
    fn a_template_ends_and_one_that_passes_renders(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12)) {
        let source = pieces.concat();
        for own in [text(&source), html(&source)] {
            let checked = check(Kind::Reminder, &own);
            for content in [sample(Kind::Reminder), bare(Kind::Reminder)] {
                let rendered = render(Language::DEFAULT, &content, Some(&own));
                prop_assert!(checked.is_err() || rendered.is_ok(), "{source}: {rendered:?}");
            }
        }
    }

    #[test]
    fn any_text_is_looked_at_without_a_panic(source in "[{}%#<>\"'a-c /=.ä\n-]{0,60}") {
        for own in [text(&source), html(&source), Override { subject: Some(source.clone()), ..Override::default() }] {
            let _ = check(Kind::Alert, &own).map_err(|error| assert!(error.line >= 1 && !error.message.is_empty()));
            let _ = render(Language::DEFAULT, &sample(Kind::Alert), Some(&own));
        }
    }
}

const PIECES: &[&str] = &[
    "{{ organisation }}",
    "{{ name }}",
    "{{ steps }}",
    "{% if name %}",
    "{% elif faq %}",
    "{% else %}",
    "{% endif %}",
    "{% for s in steps %}",
    "{% for s in name %}",
    "{% endfor %}",
    "{{ s.words }}",
    "{{ s }}",
    "{{ loop.index }}",
    "{{ button(link, name) }}",
    "{{ button(faq, \"x\") }}",
    "{{ organisation ~ left }}",
    "{{ left < 3 }}",
    "{{ left < name }}",
    "{{ -left }}",
    "{{ name if name else left }}",
    "{{ not faq }}",
    "{{ left == 1 and of }}",
    "{{ name in organisation }}",
    "{{ left in left }}",
    "{{ (left, of) }}",
    "{{ none }}",
    "{{ 1 - 2 }}",
    "{{ -organisation }}",
    "<p>",
    "</p>",
    "<a href=\"{{ link }}\">",
    "</a>",
    "<b class=\"{{ organisation }}\">",
    "</b>",
    "<td",
    "text ",
    "\n",
    "{# c #}",
];
