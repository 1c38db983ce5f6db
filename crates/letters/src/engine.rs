//! The template engine, with everything off that a mail does not need.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::error::Fault;
use crate::guard;
use crate::html::{button, escape};
use crate::link::SCHEMES;
use crate::values::Values;

/// What one rendering may cost: a step costs 1, and 64 bytes of output cost 1 as well. The longest alert needs some 12,000.
const FUEL: u64 = 15_000;
/// How deep the engine may go.
const DEEPEST: usize = 32;

/// What a template is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// HTML: values are escaped.
    Html,
    /// Text: values stand as they are.
    Nothing,
}

/// Renders one template. It always ends, within milliseconds.
pub(crate) fn render(source: &str, escape: Escape, values: &Values) -> Result<String, Fault> {
    guard::tags(source)?;
    let environment = environment(escape);
    let template = environment.template_from_str(source).map_err(|error| in_words(&error))?;
    template.render(Value::from(values.clone())).map_err(|error| in_words(&error))
}

fn environment(escape: Escape) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual braces are a syntax"));
    environment.set_auto_escape_callback(move |_| match escape {
        Escape::Html => AutoEscape::Html,
        Escape::Nothing => AutoEscape::None,
    });
    environment.set_formatter(write);
    environment.add_function("button", move |link: &str, label: &str| {
        if !SCHEMES.iter().any(|scheme| link.starts_with(scheme)) {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a button leads to a variable that is a link",
            ));
        }
        Ok(match escape {
            Escape::Html => Value::from_safe_string(button(link, label)),
            Escape::Nothing => Value::from(format!("{label}:\n{link}")),
        })
    });
    environment
}

/// Writes one value. A list or an item of a list is no text: written out it would look like code.
fn write(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match value.kind() {
        ValueKind::String | ValueKind::Number => value.to_string(),
        _ => {
            let message = "this is a list or no text: write {% for item in items %} and the parts of an item";
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    };
    let as_it_stands = value.is_safe() || !matches!(state.auto_escape(), AutoEscape::Html);
    output.write_str(&if as_it_stands { text } else { escape(&text) }).map_err(Error::from)
}

/// What the engine says, in our words where it can be said better.
fn in_words(error: &Error) -> Fault {
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => {
            "this makes a mail that is too long: shorten it, or take a loop out".to_owned()
        }
        ErrorKind::UndefinedError => "a variable is not known here".to_owned(),
        ErrorKind::SyntaxError => format!("the template is not complete: {detail}"),
        ErrorKind::MissingArgument | ErrorKind::TooManyArguments => {
            "a button has a link and a label: button(link, \"label\")".to_owned()
        }
        _ if detail.is_empty() => error.kind().to_string(),
        _ => detail.to_owned(),
    };
    Fault::new(error.line().unwrap_or(1), message)
}
