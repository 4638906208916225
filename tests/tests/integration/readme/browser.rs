//! What a person does in a browser when `infrasound login` has printed an address: sign in at the instance, allow
//! the relay, and read the code from the page that this ends on.

use reqwest::{Client, Url, redirect::Policy};

const CODE_BEGINS: &str = "<output class=\"code\"";

/// Signs in as `name` on the page at `address`, and returns the code that is shown in the end.
pub(super) async fn sign_in(address: &str, name: &str) -> String {
    let browser = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let page = browser.get(address).send().await.unwrap().error_for_status().unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let form_token = cookie.split_once('=').unwrap().1;
    let mut url = Url::parse(address).unwrap();
    let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (field, value) in
        [("form_token", form_token), ("action", "sign_in"), ("name", name), ("password", "demo")]
    {
        form.push((field.to_owned(), value.to_owned()));
    }
    url.set_query(None);
    let allowed = browser.post(url).header("cookie", &cookie).form(&form).send().await.unwrap();
    let back = allowed.headers()["location"].to_str().unwrap().to_owned();
    let page = browser.get(back).send().await.unwrap().error_for_status().unwrap();
    let html = page.text().await.unwrap();
    let (_, rest) = html.split_once(CODE_BEGINS).unwrap();
    rest.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned()
}
