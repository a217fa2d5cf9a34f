export { fetchEventSource } from '@microsoft/fetch-event-source'
