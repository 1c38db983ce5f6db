//! What a PIN has to be. It is looked at here and nowhere kept.

/// What is wrong with a PIN and its repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has not 6 to 12 digits.
    Length,
    /// It is one digit repeated, or digits in a row.
    Plain,
    /// The two are not the same.
    Different,
}

/// Looks at a PIN that was typed twice.
///
/// # Errors
/// The first rule that it breaks.
pub(crate) fn check(pin: &str, again: &str) -> Result<(), Fault> {
    let digits = pin.as_bytes();
    if !(6..=12).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Length);
    }
    let steps = |step: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step);
    if [0, 1, -1].into_iter().any(steps) {
        return Err(Fault::Plain);
    }
    if pin == again { Ok(()) } else { Err(Fault::Different) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_has_six_to_twelve_digits_that_are_not_plain_and_is_typed_twice() {
        for (pin, again, expected) in [
            ("418203", "418203", Ok(())),
            ("418203418203", "418203418203", Ok(())),
            ("41820", "41820", Err(Fault::Length)),
            ("4182034182034", "4182034182034", Err(Fault::Length)),
            ("41820x", "41820x", Err(Fault::Length)),
            ("٤١٨٢٠٣", "٤١٨٢٠٣", Err(Fault::Length)),
            ("", "", Err(Fault::Length)),
            ("777777", "777777", Err(Fault::Plain)),
            ("123456", "123456", Err(Fault::Plain)),
            ("987654", "987654", Err(Fault::Plain)),
            ("418203", "418204", Err(Fault::Different)),
            ("418203", "", Err(Fault::Different)),
        ] {
            assert_eq!(check(pin, again), expected, "{pin} {again}");
        }
    }
}
