//! Gives plain elements the look of the design, inline as mail programs need it.
//!
//! Templates say `<h1>` or `<td class="mark done">`; the styles stand here once. Rendered values cannot pass for such an
//! element, because their brackets and quotes are escaped. The classes t1, t2, line, box, codebox and lnk are those that
//! the frame recolours for dark screens.

use super::escape;

const FONT: &str = "-apple-system,'Segoe UI',Roboto,Arial,sans-serif";

/// An element as a template writes it, and what the letter has instead; FONT stands for the fonts.
pub(super) const STYLES: &[(&str, &str)] = &[
    ("<h1>", r#"<h1 class="t1" style="margin:0; color:#1a1d24; font:600 22px/28px FONT;">"#),
    ("<h2>", r#"<h2 class="t1" style="margin:16px 0 4px; color:#1a1d24; font:600 15px/24px FONT;">"#),
    ("<p>", r#"<p style="margin:12px 0 0;">"#),
    (r#"<p class="quiet">"#, r#"<p class="t2" style="margin:16px 0 0; color:#5a6170;">"#),
    (r#"<p class="foot">"#, r#"<p style="margin:0 0 8px;">"#),
    ("<a href=", r#"<a class="lnk" style="color:#2250c4; word-break:break-word;" href="#),
    (
        r#"<table class="list">"#,
        r#"<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 0;">"#,
    ),
    (
        r#"<td class="number">"#,
        r#"<td class="t2" width="24" valign="top" style="padding:4px 0; color:#5a6170; font:600 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="item">"#,
        r#"<td class="t1" valign="top" style="padding:4px 0; color:#1a1d24; font:400 15px/24px FONT; word-break:break-word;">"#,
    ),
    (
        r#"<table class="steps">"#,
        r#"<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:16px 0 0;">"#,
    ),
    (
        r#"<td class="mark done">"#,
        r#"<td class="ok" width="28" valign="top" style="padding:5px 0; color:#1e8a50; font:600 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="mark now">"#,
        r#"<td class="warn" width="28" valign="top" style="padding:5px 0; color:#824b00; font:600 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="mark later">"#,
        r#"<td class="t2" width="28" valign="top" style="padding:5px 0; color:#5a6170; font:600 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="step done">"#,
        r#"<td class="t1" valign="top" style="padding:5px 0; color:#1a1d24; font:400 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="step now">"#,
        r#"<td class="t1" valign="top" style="padding:5px 0; color:#1a1d24; font:600 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="step later">"#,
        r#"<td class="t2" valign="top" style="padding:5px 0; color:#5a6170; font:400 15px/24px FONT;">"#,
    ),
    (r#"<span class="unseen">"#, r#"<span style="display:none; mso-hide:all;">"#),
    (
        r#"<table class="facts">"#,
        r#"<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:16px 0 0;">"#,
    ),
    (
        r#"<td class="fact">"#,
        r#"<td class="t2 line" width="120" valign="top" style="padding:8px 12px 8px 0; border-top:1px solid #e2e5ea; color:#5a6170; font:400 13px/20px FONT;">"#,
    ),
    (
        r#"<td class="value">"#,
        r#"<td class="t1 line" valign="top" style="padding:8px 0; border-top:1px solid #e2e5ea; color:#1a1d24; font:400 15px/20px FONT; word-break:break-word;">"#,
    ),
    (
        r#"<table class="panel">"#,
        r#"<table class="codebox" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:20px 0 0; background:#f4f5f7; border:1px solid #dfe2e8; border-radius:10px;">"#,
    ),
    (
        r#"<td class="panel">"#,
        r#"<td class="t1" style="padding:14px 18px; color:#1a1d24; font:400 15px/24px FONT;">"#,
    ),
    (
        r#"<td class="code">"#,
        r#"<td class="t1" align="center" style="padding:18px 12px; color:#1a1d24; font:600 30px/36px Consolas,Menlo,'DejaVu Sans Mono',monospace; letter-spacing:3px;">"#,
    ),
];

/// Rendered HTML with the styles of the design.
pub(crate) fn dress(html: &str) -> String {
    let dressed = STYLES.iter().fold(html.to_owned(), |html, (plain, styled)| html.replace(plain, styled));
    dressed.replace(" FONT;", &format!(" {FONT};"))
}

/// A link as a button. The link is one that has been looked at.
pub(crate) fn button(link: &str, label: &str) -> String {
    format!(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:24px 0;\"><tr>\
         <td align=\"center\" bgcolor=\"#2250c4\" style=\"background:#2250c4; border-radius:8px;\">\
         <a style=\"display:inline-block; padding:12px 22px; color:#ffffff; text-decoration:none; \
         font:600 15px/20px {FONT}; border-radius:8px;\" href=\"{}\">{}</a></td></tr></table>",
        escape(link),
        escape(label)
    )
}
