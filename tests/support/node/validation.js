const MAX_TEXT_LENGTH = 2000; // UTF-16 code units, the `length` of a JavaScript string

/** Checks what a client sent with `help_center:send`: `{ text }`, trimmed, or `{ error }` for the client. */
export function validateSend(payload) {
  if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) {
    return refusal('The payload must be an object with a text', { payload: 'must be an object' });
  }
  if (typeof payload.text !== 'string') {
    return refusal('The text must be a string', { text: 'must be a string' });
  }
  const text = payload.text.trim();
  if (text === '') {
    return refusal('The text must not be empty', { text: 'must not be empty' });
  }
  if (text.length > MAX_TEXT_LENGTH) {
    return refusal(`The text must not be longer than ${MAX_TEXT_LENGTH} characters`, {
      text: 'too long',
      maxLength: MAX_TEXT_LENGTH,
      length: text.length,
    });
  }
  return { text };
}

function refusal(message, details) {
  return { error: { code: 'VALIDATION_ERROR', message, details } };
}
