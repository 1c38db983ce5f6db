//! The query of a URL (RFC 3986 §3.4) as the parameters of RFC 7644 §3.4.2 and §3.9.

use scim::protocol::search::Query;

/// Reads the parameters that a URL carries. What is not known is ignored, so that flags of products do no harm; empty parts such as a trailing `&` mean nothing.
///
/// # Errors
/// `invalidFilter` for a filter that stands twice or is broken, `invalidValue` for other parameters.
pub(crate) fn parse(text: &str) -> Result<Query, scim::Error> {
    let mut query = Query::default();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let Some(name) = decoded(name) else { continue };
        let known = [
            "filter",
            "startIndex",
            "count",
            "cursor",
            "sortBy",
            "sortOrder",
            "attributes",
            "excludedAttributes",
        ];
        let Some(name) = known.into_iter().find(|known| known.eq_ignore_ascii_case(&name)) else { continue };
        let wrong = |what: &str| {
            let detail = format!("The parameter {name} {what}.");
            if name == "filter" {
                scim::Error::invalid_filter(detail)
            } else {
                scim::Error::invalid_value(detail)
            }
        };
        let value = decoded(value).ok_or_else(|| wrong("is not UTF-8 in percent-encoding"))?;
        let slot = match name {
            "filter" => &mut query.filter,
            "startIndex" => &mut query.start_index,
            "count" => &mut query.count,
            "cursor" => &mut query.cursor,
            "sortBy" => &mut query.sort_by,
            "sortOrder" => &mut query.sort_order,
            "attributes" => &mut query.attributes,
            _ => &mut query.excluded_attributes,
        };
        if slot.replace(value).is_some() {
            return Err(wrong("stands twice"));
        }
    }
    Ok(query)
}

/// Text without percent-encoding, `+` meaning a space; nothing when it is broken.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_signs_are_decoded() {
        for text in [
            "filter=userName+eq+%22a%2Bb%22",
            "FILTER=userName%20eq%20%22a%2Bb%22&",
            "flag2020&filter=userName+eq%20%22a%2bb%22&&x=%zz",
        ] {
            assert_eq!(parse(text).expect(text).filter.as_deref(), Some("userName eq \"a+b\""), "{text}");
        }
        let query = parse("startIndex=2&count=&attributes=a%2Cb,c&excludedAttributes").expect("valid");
        assert_eq!((query.start_index.as_deref(), query.count.as_deref()), (Some("2"), Some("")));
        assert_eq!(
            (query.attributes.as_deref(), query.excluded_attributes.as_deref()),
            (Some("a,b,c"), Some(""))
        );
        assert_eq!(parse("").expect("nothing"), Query::default());
    }

    #[test]
    fn what_stands_twice_or_is_broken_is_refused() {
        for (text, word) in [
            ("filter=a&filter=b", "invalidFilter"),
            ("filter=a&Filter=a", "invalidFilter"),
            ("filter=%", "invalidFilter"),
            ("filter=%f", "invalidFilter"),
            ("filter=%ff", "invalidFilter"),
            ("count=1&count=1", "invalidValue"),
            ("count=%+1", "invalidValue"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.scim_type.map(scim::ScimType::as_str), Some(word), "{text}");
        }
    }
}
