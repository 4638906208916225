//! A panic becomes an error of JavaScript with its message. Whoever catches it gives the module up: what the core held in
//! memory may be half changed, what is in the journal is not.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn throw_panics() {
    std::panic::set_hook(Box::new(|panic| wasm_bindgen::throw_str(&panic.to_string())));
}
