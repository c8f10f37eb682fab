// A user's gestures in VS Code, and what is looked for on the screen.
import { join } from "node:path";
import { until } from "./waiting.mjs";

export class Window {
  #shots = 0;
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
  }

  async shot(name) {
    this.#shots += 1;
    const file = `${String(this.#shots).padStart(2, "0")}-${name}.png`;
    await this.page.screenshot({ path: join(this.shots, file) });
  }

  async openFile(name, line) {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await this.page.locator(".monaco-editor .view-line", { hasText: line }).first().click();
  }

  /** An entry of the code-action menu, once it is offered. */
  async choose(title) {
    const entry = this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    await until(async () => {
      await this.page.keyboard.press("Control+.");
      return entry.waitFor({ timeout: 3000 }).then(
        () => true,
        () => this.page.keyboard.press("Escape"),
      );
    }, `the menu's entry ${title}`);
    await this.shot("menu");
    await entry.click();
  }

  get input() {
    return this.page.locator(".quick-input-widget:visible .quick-input-box input").first();
  }

  /** Answer the box that has this title or asks this: another one may still be closing. */
  async answer(box, words) {
    await this.page
      .locator(
        ".quick-input-widget:visible .quick-input-title, .quick-input-widget:visible .quick-input-message",
      )
      .filter({ hasText: box })
      .first()
      .waitFor();
    await this.input.fill(words);
    await this.shot("input");
    await this.page.keyboard.press("Enter");
  }

  async typeAtTheEnd(text) {
    // The middle of what is in sight: a line of its own may be scrolled behind the breadcrumbs.
    await this.page.locator(".editor-instance .monaco-editor .overflow-guard").first().click();
    await this.page.keyboard.press("Control+End");
    await this.page.keyboard.type(text);
  }

  async status(text) {
    await this.page.locator(".statusbar-item[id*='agentLs']", { hasText: text }).first().waitFor();
  }

  async press(button) {
    const lists = ".notifications-toasts .monaco-button, .notifications-center .monaco-button";
    await this.page.locator(lists, { hasText: button }).first().click();
  }

  /** A notice, on the screen or, where others have pushed it away, in the list of all notices. */
  async toast(text) {
    const row =
      ".notifications-toasts .notification-list-item, .notifications-center .notification-list-item";
    await this.page.locator(row, { hasText: text }).first().waitFor();
  }

  async clearNotices() {
    await this.command("Notifications: Clear All Notifications");
  }

  previewButton(title) {
    return this.page
      .locator(".bulk-edit-panel .monaco-button, .refactor-preview .monaco-button", { hasText: title })
      .first();
  }

  async previewed() {
    await this.previewButton("Apply").waitFor();
    await this.page.locator(".bulk-edit-panel .monaco-list-row").first().waitFor();
    await this.shot("preview");
  }

  /** The Refactor Preview, and then its Apply. */
  async acceptPreview() {
    await this.previewed();
    await this.previewButton("Apply").click();
  }

  /** A modal dialog's button. */
  async dialog(button) {
    await this.page.locator(".monaco-dialog-box .monaco-button", { hasText: button }).first().click();
  }

  /** The jobs in the side bar. */
  async showJobs() {
    await this.command("View: Show Agent");
    await this.pane("Jobs").waitFor();
  }

  pane(view) {
    return this.page.locator(`.pane:has(.pane-header[aria-label*="${view}"])`).first();
  }

  /** A row of a view in the side bar. */
  row(view, text) {
    return this.pane(view).locator(".monaco-list-row", { hasText: text }).first();
  }

  async tick(view, text) {
    await this.row(view, text)
      .locator(".monaco-custom-toggle, .custom-view-tree-node-item-checkbox")
      .first()
      .click();
  }

  /** One of the small buttons of a job in the side bar. */
  async act(job, title, view = "Jobs") {
    const row = this.row(view, job);
    const button = row.locator(`.action-label[aria-label*="${title}"]`).first();
    // The buttons are there while the mouse is on the row, which moves when another job changes its group.
    await until(async () => {
      await row.hover();
      return button.click({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
    }, `${title} of ${job}`);
  }

  /** A verb for a job, by the list of jobs. */
  async job(title, verb) {
    await this.command("Agent: Jobs …");
    await this.pick(title);
    await this.pick(verb);
  }

  async command(title) {
    // What takes the focus in this moment (a tree that is drawn anew) closes the box again.
    await until(async () => {
      await this.page.keyboard.press("F1");
      return this.input.fill(`>${title}`, { timeout: 5000 }).then(
        () => true,
        () => false,
      );
    }, `the box for ${title}`);
    await this.pick(title);
  }

  async pick(row) {
    await this.page
      .locator(".quick-input-widget:visible .quick-input-list .monaco-list-row", { hasText: row })
      .first()
      .click();
  }
}
