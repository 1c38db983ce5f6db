//! What may stand in the HTML of a mail, and what may not.

use super::dress::STYLES;
use super::{Depth, dress, escape, scan};

#[test]
fn elements_of_a_letter_are_allowed() {
    for html in [
        "",
        "plain &lt; text",
        "<p>a<br>b<br/>c<hr></p>",
        "<P CLASS=\"x\">a</P>",
        "<a href=\"https://a.example/?a=b&amp;c\" title=\"it's\">a</a>",
        "<td width=\"20\" style=\"color:#fff; font:400 15px/24px 'Segoe UI'\">a</td>",
        "<h1>a</h1>\n<ul><li>b</li></ul>",
        "<a href=\"mailto:it@a.example\">a</a>",
    ] {
        assert_eq!(scan(html, Depth::Nesting), Ok(()), "{html}");
    }
}

#[test]
fn everything_else_is_refused_with_its_line() {
    for (html, line, said) in [
        ("<script>alert(1)</script>", 1, "<script> is not allowed"),
        ("a\n<ScRiPt src=\"x\">", 2, "<script> is not allowed"),
        ("<img src=\"https://a.example/x.png\">", 1, "<img> is not allowed"),
        ("<form action=\"x\">", 1, "<form> is not allowed"),
        ("<style>p{}</style>", 1, "<style> is not allowed"),
        ("<svg/onload=alert(1)>", 1, "<svg> is not allowed"),
        ("<marquee>", 1, "<marquee> is not known"),
        ("<p onclick=\"x\">", 1, "“onclick” is not allowed"),
        ("<p id=\"x\">", 1, "“id” is not allowed"),
        ("<p class=x>", 1, "needs its value in quotes"),
        ("<p class='x'>", 1, "needs its value in quotes"),
        ("<p class>", 1, "needs its value in quotes"),
        ("<p class=\"x\"onclick=\"y\">", 1, "is no attribute"),
        ("<p/onclick=\"y\">", 1, "is no attribute"),
        ("<p class=\"x", 1, "needs its value in quotes"),
        ("<p", 1, "is never closed"),
        ("<p ", 1, "is never closed"),
        ("<p href=\"https://a.example\">", 1, "only <a> has an href"),
        ("<a href=\"javascript:alert(1)\">", 1, "an href begins with"),
        ("<a href=\" https://a.example\">", 1, "an href begins with"),
        ("<a href=\"&#106;avascript:x\">", 1, "an href begins with"),
        ("<a href=\"//a.example\">", 1, "an href begins with"),
        ("<a href=\"\">", 1, "an href begins with"),
        ("<p style=\"background:URL(https://a.example)\">", 1, "a style has no “url”"),
        ("<p style=\"width:expression(1)\">", 1, "a style has no “expression”"),
        ("<p style=\"u\\72l(x)\">", 1, "a style has no “\\”"),
        ("<p style=\"u&#114;l(x)\">", 1, "a style has no “&”"),
        ("<p style=\"position:fixed\">", 1, "a style has no “position”"),
        ("<!-- hidden -->", 1, "<! is not allowed"),
        ("<!doctype html>", 1, "<! is not allowed"),
        ("<?xml ?>", 1, "< does not begin an element"),
        ("1 < 2", 1, "< does not begin an element"),
        ("</ p>", 1, "< does not begin an element"),
        ("<html><body>", 1, "<html> is not known"),
        ("<p>\n<b>a</p>", 2, "</p> stands here before </b> of line 2"),
        ("<p>a\n\n", 1, "<p> is never closed"),
        ("a</td></table>", 1, "</td> closes nothing"),
        ("<p>a</p class=\"x\">", 1, "</p> has no attributes"),
    ] {
        let fault = scan(html, Depth::Nesting).expect_err(html);
        assert!(fault.message.contains(said), "{html}: {}", fault.message);
        assert_eq!(fault.line, line, "{html}");
    }
}

#[test]
fn a_template_may_have_one_end_of_an_element_behind_an_if() {
    assert_eq!(scan("<p><b>a</p>", Depth::Elements), Ok(()));
}

#[test]
fn plain_elements_are_dressed_and_values_cannot_pass_for_them() {
    let dressed = dress("<h1>a</h1><td class=\"mark done\">b</td><a href=\"https://a.example\">c</a>");
    for styled in [
        "<h1 class=\"t1\" style=",
        "class=\"ok\" width",
        "class=\"lnk\" style=",
        "href=\"https://a.example\">c",
    ] {
        assert!(dressed.contains(styled), "{styled}: {dressed}");
    }
    assert!(!dressed.contains("FONT"));
    let value = escape("<h1><td class=\"mark done\">");
    assert_eq!(dress(&value), value);
    assert_eq!(escape("<a href='x'>&\"ä"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;ä");
    for (plain, styled) in STYLES {
        assert!(dressed_once(plain, styled), "{plain} is dressed twice");
    }
}

/// True when what an element becomes is not dressed again.
fn dressed_once(plain: &str, styled: &str) -> bool {
    let once = dress(plain);
    dress(&once) == once && once.len() >= styled.len()
}
