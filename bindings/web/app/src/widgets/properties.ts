/**
 * Sets custom properties of an element. Lit's `styleMap` first writes a `style` attribute, which a strict content security
 * policy forbids; this goes by the element's style object alone.
 */
import { noChange } from 'lit';
import { Directive, directive, type ElementPart } from 'lit/directive.js';

type Properties = Record<`--${string}`, string>;

class SetProperties extends Directive {
  #set: Properties = {};

  override render(_properties: Properties): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [properties]: [Properties]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const name of Object.keys(this.#set)) if (!(name in properties)) style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) style.setProperty(name, value);
    this.#set = properties;
    return noChange;
  }
}

export const properties = directive(SetProperties);
