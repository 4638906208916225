//! A person with a browser who signs in at the demo instance: fills the form in and follows the redirect.

use reqwest::{Client, Response, Url, redirect::Policy};
use serde_json::Value;

const REDIRECT: &str = "http://127.0.0.1:9/signed-in";

/// A browser.
pub(crate) struct Browser {
    http: Client,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self { http: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap() }
    }

    /// Signs in on the instance's page; where the instance sends the browser then.
    pub(crate) async fn allow(&self, authorize_url: &str, name: &str) -> Url {
        let page_url = Url::parse(authorize_url).unwrap();
        let mut submit_to = page_url.clone();
        submit_to.set_query(None);
        let page = self.http.get(page_url).send().await.unwrap().error_for_status().unwrap();
        let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut form = hidden_fields(&page.text().await.unwrap());
        for (field, value) in [("name", name), ("password", "demo"), ("action", "sign_in")] {
            form.push((field.to_owned(), value.to_owned()));
        }
        let answer = self.http.post(submit_to).header("cookie", cookie).form(&form).send().await.unwrap();
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    }

    pub(crate) async fn open(&self, url: Url) -> Response {
        self.http.get(url).send().await.unwrap()
    }

    /// An access token of the demo instance, for an app of the test's own.
    pub(crate) async fn token(&self, base: &str, name: &str) -> String {
        let form = [("client_name", "tests"), ("redirect_uris", REDIRECT), ("scopes", "profile")];
        let app = self.post(&format!("{base}/api/v1/apps"), &form).await;
        let (id, secret) = (app["client_id"].as_str().unwrap(), app["client_secret"].as_str().unwrap());
        let asked =
            [("response_type", "code"), ("client_id", id), ("redirect_uri", REDIRECT), ("scope", "profile")];
        let page = Url::parse_with_params(&format!("{base}/oauth/authorize"), asked).unwrap();
        let location = self.allow(page.as_str(), name).await;
        let code = location.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", id),
            ("client_secret", secret),
            ("redirect_uri", REDIRECT),
            ("code", &code),
        ];
        self.post(&format!("{base}/oauth/token"), &form).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Value {
        self.http.post(url).form(form).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let form = html.split("</form>").next().unwrap();
    let pair = |field: &str| {
        let (name, rest) = field.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.replace("&amp;", "&")))
    };
    form.split("<input type=\"hidden\" name=\"").skip(1).filter_map(pair).collect()
}
