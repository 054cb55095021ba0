//! Scripts as people write them in Postman and Runscope, and what is made of them.

use serde_json::Value;

use super::read;
use crate::suite::From;

/// What a script asserts, as expectations write it; what is not recognised as `? reason`.
fn asserted(script: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for assertion in read(script).assertions {
        for claim in &assertion.claims {
            let written = claim.written(&mut |text| Value::from(text).to_string());
            lines.push(written.unwrap_or_else(|reason| format!("? {reason}")));
        }
        if let Some(reason) = assertion.untranslated {
            lines.push(format!("? {}: {reason}", assertion.says));
        }
    }
    lines
}

#[test]
fn what_a_test_says_in_one_of_many_ways() {
    for (script, written) in [
        ("pm.response.to.have.status(200);", "status: 200"),
        ("pm.expect(pm.response.code).to.eql(204)", "status: 204"),
        (
            "pm.expect(pm.response.code).to.be.oneOf([200,201]);",
            "status: [200, 201]",
        ),
        ("pm.response.to.be.success", "status: 2xx"),
        ("pm.response.to.not.be.error", "status: [1xx, 2xx, 3xx]"),
        (
            "pm.expect(pm.response.responseTime).to.be.below(200);",
            "within: 200ms",
        ),
        (
            "pm.response.to.have.header('ETag');",
            "headers: { etag: { $any-of: [$present, { $exactly: null }, { $exactly: [] }] } }",
        ),
        (
            "pm.expect(pm.response.headers.get(\"Content-Type\")).to.include('json')",
            "headers: { content-type: { $contains: [{ $text: \"json\" }] } }",
        ),
        (
            "pm.expect(pm.response.text()).to.not.include(\"x\");",
            "text: { $not: { $contains: [{ $text: \"x\" }] } }",
        ),
        (
            "var jsonData = pm.response.json();\npm.expect(jsonData.Resources[0].id).to.eql(pm.environment.get('id'));",
            "body: { $at: { \"$.Resources[0].id\": { $exactly: \"{{id}}\" } } }",
        ),
        (
            "const body = JSON.parse(responseBody); pm.expect(body['urn:x'].a).to.be.a('string');",
            "body: { $at: { \"$['urn:x'].a\": $string } }",
        ),
        (
            "pm.expect(pm.response.json().Resources).to.be.an('array').that.is.not.empty;",
            "body: { $at: { $.Resources: $array } }|body: { $at: { $.Resources: $nonempty } }",
        ),
        (
            "pm.expect(pm.response.json().Resources.length).to.eql(2);",
            "body: { $at: { $.Resources: { $size: 2 } } }",
        ),
        (
            "pm.expect(pm.response.json()).to.have.property('id');",
            "body: { $at: { $.id: { $any-of: [$present, { $exactly: null }, { $exactly: [] }] } } }",
        ),
        (
            "pm.expect(pm.response.json().id).to.match(/^[a-f]+$/i)",
            "body: { $at: { $.id: { $pattern: \"(?i)^[a-f]+$\" } } }",
        ),
        (
            "pm.expect(pm.response.json().active).to.be.true;",
            "body: { $at: { $.active: { $exactly: true } } }",
        ),
    ] {
        let in_test = format!("pm.test(\"it holds\", function () {{\n {script}\n}});");
        let arrow = format!("pm.test('it holds', () => {{ {script} }})");
        for script in [script, &in_test, &arrow] {
            assert_eq!(asserted(script).join("|"), written, "{script}");
        }
    }
}

#[test]
fn the_older_way_of_writing_tests() {
    for (script, written) in [
        (
            "tests[\"Status\"] = responseCode.code === 200;",
            "status: 200",
        ),
        ("tests['fast'] = responseTime < 500", "within: 500ms"),
        (
            "tests['has it'] = responseBody.has(\"x\");",
            "text: { $contains: [{ $text: \"x\" }] }",
        ),
        (
            "var data = JSON.parse(responseBody); tests['n'] = data.totalResults == 0;",
            "body: { $at: { $.totalResults: { $text: 0 } } }",
        ),
        (
            "tests['both'] = responseCode.code === 200 && 'a' === JSON.parse(responseBody).id;",
            "status: 200|body: { $at: { $.id: { $exactly: \"a\" } } }",
        ),
        ("assert.equal(response.status, 200);", "status: 200"),
    ] {
        assert_eq!(asserted(script).join("|"), written, "{script}");
    }
}

#[test]
fn what_is_not_recognised_is_listed_by_its_name() {
    let script = "
        pm.test('in a branch is no test of its own', function () {
            if (pm.response.code === 200) { pm.expect(1).to.eql(1); }
            pm.response.to.have.status(200);
        });
        if (x) { pm.test('inside', function () { pm.response.to.have.status(200); }); } else { y(); }
        pm.test('empty', function () {});
        for (var i = 0; i < 3; i++) { assert.ok(data[i]); }
        postman.setNextRequest('other');
        pm.test('after', () => pm.response.to.have.status(201));
    ";
    let reading = read(script);
    let told: Vec<(String, usize, bool)> = reading
        .assertions
        .iter()
        .map(|assertion| {
            let name = assertion.says.chars().take(30).collect();
            (
                name,
                assertion.claims.len(),
                assertion.untranslated.is_some(),
            )
        })
        .collect();
    let row = |name: &str, claims: usize, lost: bool| (name.to_owned(), claims, lost);
    assert_eq!(
        told,
        [
            row("test `in a branch is no test o", 1, true),
            row("test `inside`", 0, true),
            row("test `empty`", 0, true),
            row("for (var i = 0; i < 3; i++) { ", 0, true),
            row("test `after`", 1, false),
        ]
    );
    assert_eq!(reading.unread, ["postman.setNextRequest('other')"]);
    assert!(reading.assertions[3].is_script);
}

#[test]
fn what_is_kept_and_given() {
    let script = "var jsonData = pm.response.json();
        pm.environment.set(\"id1\", jsonData.id);
        postman.setEnvironmentVariable('tag', postman.getResponseHeader('ETag'));
        pm.globals.set('fixed', 'abc');
        console.log(jsonData);
        pm.environment.set('made', 'x' + Math.random());
        jsonData.id = other;";
    let reading = read(script);
    let kept: Vec<(&str, &From)> = reading
        .captures
        .iter()
        .map(|capture| (capture.name.as_str(), &capture.from))
        .collect();
    assert_eq!(
        kept,
        [
            ("id1", &From::Json("$.id".to_owned())),
            ("tag", &From::Header("ETag".to_owned())),
        ]
    );
    assert_eq!(reading.values, [("fixed".to_owned(), "abc".to_owned())]);
    assert_eq!(
        reading.unread,
        [
            "pm.environment.set('made', 'x' + Math.random())",
            "jsonData.id = other"
        ]
    );
}

#[test]
fn a_name_that_a_branch_may_have_changed_is_not_trusted() {
    let script = "var code = pm.response.code; if (a) { code = 3; }
        pm.test('t', function () { pm.expect(code).to.eql(200); });";
    let told = asserted(script);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("? test `t`: not recognised"),
        "{told:?}"
    );
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_panic(script in r#"(pm\.test\("a", function \(\) \{|\}\);|pm\.expect\(|\)\.to\.eql\(|[a-z]+|[\[\]{}();,.=!<>&|'"`/]|[0-9]| |\n|var x = |if \()*"#) {
        let _ = read(&script);
    }
}
