export { type EntryState, lookAt } from './entry.ts';
export { type Entry, headOf, isContainer, listInbox } from './inbox.ts';
export { QuietTimes } from './quiet.ts';
export { InboxWatcher } from './watcher.ts';
