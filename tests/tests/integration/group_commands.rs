//! Groups as people and scripts use them: real processes, a real relay, what they print.
//!
//! Spec: `groups.md`; `bindings/cli/JSON.md`.

use infrasound_tests::{
    cli::{Cli, Said},
    kill::MortalRelay,
    sign_in::new_demo_account,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A relay, and people with homes.
struct Stage {
    relay: MortalRelay,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = MortalRelay::start(&folder.path().join("relay"), "info");
        Self { relay, folder }
    }

    fn people<const N: usize>(&self, names: [&str; N]) -> [Cli; N] {
        names.map(|name| {
            let cli = Cli::at(&self.folder.path().join(name));
            let said = cli.login(&self.relay.base(), &new_demo_account(&self.relay.base(), name), &[]);
            assert_eq!(said.code, Some(0), "{said:?}");
            cli
        })
    }

    fn handle(&self, name: &str) -> String {
        self.relay.handle(name)
    }
}

fn of_type(lines: Vec<Value>, name: &str) -> Vec<Value> {
    lines.into_iter().filter(|line| line["type"] == name).collect()
}

fn texts(cli: &Cli, group: &str) -> Vec<String> {
    let messages = cli.read(group).into_iter().filter(|message| message["kind"] == "text");
    messages.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

/// What happened in a group, in words for programs, in order.
fn history(cli: &Cli, group: &str) -> Vec<(String, Value)> {
    let messages = cli.read(group);
    let changes = messages.iter().flat_map(|message| message["changes"].as_array().unwrap());
    changes.map(|change| (change["change"].as_str().unwrap().to_owned(), change["who"].clone())).collect()
}

/// Members and their roles, as `group show` has them.
fn roles(cli: &Cli, group: &str) -> Vec<(Value, Value)> {
    let members = of_type(cli.succeed(&["group", "show", group]), "member");
    members.into_iter().map(|mut member| (member["handle"].take(), member["role"].take())).collect()
}

fn refused(said: &Said, code: &str) {
    assert_eq!((said.code, said.error().0), (Some(1), code), "{said:?}");
}

#[test]
fn people_make_a_group_talk_and_part() {
    let stage = Stage::new();
    let [anna, ben, cleo] = stage.people(["anna", "ben", "cleo"]);
    let handles = ["anna", "ben", "cleo"].map(|name| stage.handle(name));
    let [of_anna, of_ben, of_cleo] = handles.each_ref().map(String::as_str);

    let made = anna.succeed(&["group", "create", "Herd", of_ben, of_cleo, "--description", "Old and grey"]);
    let done = &of_type(made, "done")[0];
    assert_eq!((&done["state"], &done["with"]), (&json!("done"), &json!("#Herd")));
    anna.succeed(&["send", "#Herd", "welcome"]);

    let request = &of_type(ben.succeed(&["requests"]), "request")[0];
    assert_eq!(request["group"]["inviter"], of_anna);
    assert_eq!((&request["with"], &request["group"]["name"]), (&json!("#Herd"), &json!("Herd")));
    for invited in [&ben, &cleo] {
        invited.succeed(&["group", "accept", "#Herd"]);
        assert_eq!(texts(invited, "#herd"), ["welcome"]);
    }
    ben.succeed(&["send", "#Herd", "thank you"]);
    let message = anna.read("#Herd").into_iter().find(|message| message["text"] == "thank you").unwrap();
    let reference = message["ref"].as_str().unwrap();
    assert!(reference.starts_with("#Herd/"), "{reference}");
    anna.succeed(&["react", reference, "🐘"]);
    anna.succeed(&["reply", reference, "gladly"]);
    let seen = cleo.read("#Herd");
    let thanks = seen.iter().find(|message| message["text"] == "thank you").unwrap();
    assert_eq!(thanks["reactions"][0], json!({ "from": of_anna, "emoji": "🐘" }));
    assert_eq!(texts(&cleo, "#Herd"), ["welcome", "thank you", "gladly"]);
    anna.succeed(&["unreact", reference, "🐘"]);
    let seen = cleo.read("#Herd");
    let thanks = seen.iter().find(|message| message["text"] == "thank you").unwrap();
    assert_eq!(thanks["reactions"], json!([]));

    anna.succeed(&["group", "role", "#Herd", of_ben, "owner"]);
    let both_owners = [(json!(of_anna), json!("owner")), (json!(of_ben), json!("owner"))];
    assert_eq!(roles(&anna, "#Herd")[..2], both_owners);
    anna.succeed(&["group", "remove", "#Herd", of_cleo]);
    anna.succeed(&["send", "#Herd", "not for cleo"]);
    assert_eq!(texts(&cleo, "#Herd"), ["welcome", "thank you", "gladly"]);
    let ended = &of_type(cleo.succeed(&["group", "list", "--all"]), "conversation")[0]["group"]["ended"];
    assert_eq!(ended, "removed");
    refused(&cleo.run(&["send", "#Herd", "hello?"]), "refused");

    // Leaving waits until somebody else has confirmed the last change; a device that is up to date may end before it has.
    anna.succeed(&["group", "leave", "#Herd"]);
    let ended = || {
        let listed = of_type(anna.succeed(&["group", "list", "--all"]), "conversation").remove(0);
        listed["group"]["ended"].clone()
    };
    let mut rounds = 0..10;
    while ended() != "left" {
        assert!(rounds.next().is_some(), "anna can't leave");
        ben.succeed(&["inbox"]);
        anna.succeed(&["inbox"]);
    }
    // Who has seen that commits it before anything else.
    ben.succeed(&["inbox"]);
    ben.succeed(&["send", "#Herd", "alone"]);
    assert_eq!(roles(&ben, "#Herd"), [(json!(of_ben), json!("owner"))]);
    assert_eq!(texts(&ben, "#Herd").last().map(String::as_str), Some("alone"));
    assert_eq!(texts(&anna, "#Herd").last().map(String::as_str), Some("not for cleo"));
    let told = [
        ("began", json!([])),
        ("role", json!([of_ben])),
        ("removed", json!([of_cleo])),
        ("left", json!([of_anna])),
    ];
    assert_eq!(history(&ben, "#Herd"), told.map(|(change, who)| (change.to_owned(), who)));
}

#[test]
fn who_has_a_link_comes_in_or_asks() {
    let stage = Stage::new();
    let [anna, ben, cleo, dora] = stage.people(["anna", "ben", "cleo", "dora"]);
    anna.succeed(&["group", "create", "Herd"]);
    anna.succeed(&["group", "set", "#Herd", "--join", "open"]);
    let link = || {
        let link = of_type(anna.succeed(&["group", "link", "#Herd", "--days", "2"]), "join_link").remove(0);
        assert_eq!(link["state"], "done");
        link["link"].as_str().unwrap().to_owned()
    };
    let join = |cli: &Cli, link: &str| {
        let done = of_type(cli.succeed(&["group", "join", link]), "done").remove(0);
        done["state"].as_str().unwrap().to_owned()
    };
    let open = link();
    assert_eq!(join(&ben, &open), "done");
    ben.succeed(&["send", "#Herd", "here I am"]);
    assert_eq!(texts(&anna, "#Herd"), ["here I am"]);

    anna.succeed(&["group", "set", "#Herd", "--join", "approval"]);
    let asking = link();
    assert_eq!(join(&cleo, &asking), "waiting");
    assert_eq!(join(&dora, &asking), "waiting");
    let asked = of_type(anna.succeed(&["group", "requests", "#Herd"]), "join_request");
    let from: Vec<&Value> = asked.iter().map(|request| &request["from"]).collect();
    assert_eq!(from, [&json!(stage.handle("cleo")), &json!(stage.handle("dora"))]);
    anna.succeed(&["group", "approve", "#Herd", &stage.handle("cleo")]);
    anna.succeed(&["group", "decline", "#Herd", &stage.handle("dora")]);
    assert_eq!(of_type(anna.succeed(&["group", "requests", "#Herd"]), "join_request"), Vec::<Value>::new());
    refused(&anna.run(&["group", "approve", "#Herd", &stage.handle("dora")]), "not_found");
    cleo.succeed(&["inbox"]);
    cleo.succeed(&["send", "#Herd", "me too"]);
    assert_eq!(texts(&ben, "#Herd"), ["here I am", "me too"]);
    assert_eq!(roles(&anna, "#Herd").len(), 3);

    anna.succeed(&["group", "unlink", "#Herd", "--all"]);
    let [eve] = stage.people(["eve"]);
    refused(&eve.run(&["group", "join", &open]), "bad_link");
    let said = eve.run(&["group", "join", "infrasound:join?relay=nonsense"]);
    assert_eq!((said.code, said.error().0), (Some(2), "usage"), "{said:?}");
}

#[test]
fn what_the_group_does_not_allow_is_refused_and_says_so() {
    let stage = Stage::new();
    let [anna, ben, cleo] = stage.people(["anna", "ben", "cleo"]);
    let [of_ben, of_cleo] = ["ben", "cleo"].map(|name| stage.handle(name));
    anna.succeed(&["group", "create", "Herd", &of_ben, &of_cleo]);
    ben.succeed(&["group", "accept", "#Herd"]);
    cleo.succeed(&["group", "accept", "#Herd"]);
    refused(&ben.run(&["group", "remove", "#Herd", &of_cleo]), "not_allowed");
    refused(&ben.run(&["group", "role", "#Herd", &of_ben, "owner"]), "not_allowed");
    refused(&anna.run(&["group", "leave", "#Herd"]), "not_allowed");
    anna.succeed(&["group", "ban", "#Herd", &of_cleo]);
    let banned = of_type(anna.succeed(&["group", "show", "#Herd"]), "banned");
    assert!(banned[0]["account"].as_str().unwrap().ends_with("/users/cleo"), "{banned:?}");
    let said = anna.run(&["group", "add", "#Herd", &of_cleo]);
    assert_eq!(said.code, Some(1), "{said:?}");
    anna.succeed(&["group", "unban", "#Herd", &of_cleo]);
    anna.succeed(&["group", "add", "#Herd", &of_cleo]);
    assert_eq!(roles(&anna, "#Herd").len(), 3);
    anna.succeed(&["group", "close", "#Herd"]);
    ben.succeed(&["inbox"]);
    assert_eq!(ben.run(&["send", "#Herd", "closed?"]).code, Some(1));
    anna.succeed(&["group", "reopen", "#Herd"]);
    ben.succeed(&["inbox"]);
    ben.succeed(&["send", "#Herd", "open!"]);
    assert_eq!(texts(&anna, "#Herd"), ["open!"]);
}

#[test]
fn a_name_stands_for_one_group_only_and_rules_no_terminal() {
    let stage = Stage::new();
    let [anna, ben] = stage.people(["anna", "ben"]);
    let create = |name: &str| {
        let done = of_type(anna.succeed(&["group", "create", name, &stage.handle("ben")]), "done").remove(0);
        done["conversation"].as_str().unwrap().to_owned()
    };
    let first = create("Herd");
    anna.succeed(&["send", "#Herd", "to the only one"]);
    let second = create("HERD");
    refused(&anna.run(&["send", "#Herd", "to which?"]), "not_found");
    // An id can begin with a hyphen.
    anna.succeed(&["send", "--", &first[..10], "to the first"]);
    anna.succeed(&["send", "--", &second, "to the second"]);
    assert_eq!(texts(&anna, &first), ["to the only one", "to the first"]);
    assert_eq!(texts(&anna, &second), ["to the second"]);
    refused(&anna.run(&["group", "show", &stage.handle("ben")]), "not_found");

    let (name, description) = ("a\u{1b}[2J\u{202e}b\nc", "d\u{7}");
    anna.succeed(&["group", "set", "--name", name, "--description", description, "--", &second]);
    ben.succeed(&["group", "accept", "--", &second]);
    let shown = of_type(ben.succeed(&["group", "show", "--", &second]), "group").remove(0);
    assert_eq!((&shown["name"], &shown["description"]), (&json!("a[2Jb c"), &json!("d")));
    assert_eq!(shown["with"], "#a[2Jb c");
    assert_eq!(texts(&ben, "#a[2Jb c"), ["to the second"]);
}

#[test]
fn a_change_waits_while_the_relay_is_away() {
    let stage = Stage::new();
    let [anna] = stage.people(["anna"]);
    anna.succeed(&["group", "create", "Herd"]);
    stage.relay.kill();
    let done = of_type(anna.succeed(&["group", "set", "#Herd", "--post", "owner"]), "done").remove(0);
    assert_eq!(done["state"], "queued");
    stage.relay.start_again();
    let changed = of_type(anna.succeed(&["inbox"]), "changed");
    assert_eq!(changed[0]["id"], done["id"]);
    let group = of_type(anna.succeed(&["group", "show", "#Herd"]), "group").remove(0);
    assert_eq!(group["settings"]["post"], "owner");
}
