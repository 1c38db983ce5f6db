//! The variables of each kind, for the people who write templates.

use crate::Kind;

/// A variable of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// The name: `{{ name }}`.
    pub name: &'static str,
    /// What it stands for.
    pub meaning: &'static str,
    /// True when it may be empty: put `{% if name %}…{% endif %}` around it.
    pub optional: bool,
    /// True when it may stand in an `href` and in `button(link, "label")`.
    pub link: bool,
}

/// The variables of a kind, with those that every letter has at the end.
#[must_use]
pub fn variables(kind: Kind) -> &'static [Variable] {
    match kind {
        Kind::Invitation => INVITATION,
        Kind::Code => CODE,
        Kind::Reminder => REMINDER,
        Kind::Return => RETURN,
        Kind::Deactivated => DEACTIVATED,
        Kind::Alert => ALERT,
        Kind::Test => TEST,
    }
}

const fn always(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning, optional: false, link: false }
}

const fn maybe(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning, optional: true, link: false }
}

const fn link(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning, optional: false, link: true }
}

const fn maybe_link(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning, optional: true, link: true }
}

macro_rules! variables {
    ($name:ident: $($variable:expr),* $(,)?) => {
        const $name: &[Variable] = &[
            $($variable,)*
            maybe("name", "what the person is called"),
            always("organisation", "the organisation that writes"),
            always("application", "the application"),
            maybe("support", "whom to ask, as text"),
            maybe_link("support_link", "whom to ask, as a link"),
            maybe_link("faq", "the page of questions and answers"),
            maybe_link("case", "the page to open a case on"),
        ];
    };
}

variables!(INVITATION:
    link("link", "the page with the download"),
    always("sign_in", "the address to sign in with"),
    maybe("valid_until", "the last day of the invitation"),
    maybe("introduction", "what the application is, in words of the organisation"),
);
variables!(CODE:
    always("code", "the code, in groups of three digits"),
    always("minutes", "for how many minutes the code is valid"),
    maybe("device", "the device that asked for the code"),
);
variables!(REMINDER:
    link("link", "the page to continue on"),
    always("steps", "all steps: {% for step in steps %}{{ step.words }}{% endfor %}; step.state is done, now or later"),
    always("next_step", "what to do next"),
    always("left", "how many steps are left"),
    maybe("began_on", "the day of the first step"),
    always("number", "which reminder this is"),
    maybe("of", "how many reminders there are at most"),
);
variables!(RETURN:
    link("link", "the page to begin on"),
    always("sign_in", "the address to sign in with"),
    maybe("ended_on", "the day on which access had ended"),
);
variables!(DEACTIVATED:
    always("ended_on", "the day on which access ended"),
);
variables!(ALERT:
    always("subject", "what happened, in one line"),
    always("title", "the heading"),
    always("summary", "what it means, in one sentence"),
    always("paragraphs", "what happened: {% for paragraph in paragraphs %}{{ paragraph }}{% endfor %}"),
    always("facts", "names and values: {% for fact in facts %}{{ fact.name }}: {{ fact.value }}{% endfor %}"),
    maybe("action", "what the button says"),
    maybe_link("link", "where the button leads"),
    maybe("advice", "what the choices mean"),
    maybe("note", "who gets this mail, and how often"),
    maybe("reference", "what to name when asking about this alert"),
);
variables!(TEST:
    maybe("server", "the mail server that took the mail"),
);
