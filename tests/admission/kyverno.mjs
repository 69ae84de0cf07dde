// A mutate rule as Kyverno runs it, with the JMESPath of @jmespath-community/jmespath and those of Kyverno's own functions
// that are used, which here are as kyverno/pkg/engine/jmespath has them. Null as the value of a variable is an error there.
import { TYPE_ANY, TYPE_STRING, TreeInterpreter, compile, registerFunction } from "@jmespath-community/jmespath";

const string = { types: [TYPE_STRING] };
const define = (name, signature, body) => registerFunction(name, body, signature, { override: true, warn: false });
define("split", [string, string], ([text, separator]) => text.split(separator));
define("regex_match", [string, { types: [TYPE_ANY] }], ([pattern, text]) => new RegExp(pattern, "u").test(text));
define("trim", [string, string], ([text, cutset]) => {
  let from = 0, to = text.length;
  while (from < to && cutset.includes(text[from])) ++from;
  while (to > from && cutset.includes(text[to - 1])) --to;
  return text.slice(from, to);
});

const compiled = new Map();
function evaluate(expression, root) {
  if (!compiled.has(expression)) compiled.set(expression, compile(expression));
  return TreeInterpreter.search(compiled.get(expression), root);
}

// A text that is one variable as a whole becomes its value, and what comes of that is looked at again.
function substitute(text, root) {
  for (let turns = 0; turns < 5; ++turns) {
    const found = /\{\{(.*?)\}\}/s.exec(text);
    if (!found) return text;
    const value = evaluate(found[1], root);
    if (typeof value !== "string") throw new Error(`${found[1]} is ${JSON.stringify(value)}`);
    text = text.slice(0, found.index) + value + text.slice(found.index + found[0].length);
  }
  throw new Error(`there is always another variable in ${text}`);
}

const selects = ({ operator, values }, name) => values.includes(name) === (operator === "In");

export function policiesOf(objects, namespace) {
  return objects.filter((o) => o.spec.rules[0].match.any.some(({ resources }) =>
      (resources.namespaceSelector?.matchExpressions ?? []).every((each) => selects(each, namespace.metadata.labels[each.key]))));
}

export function admit(policy, pod, namespace) {
  const [rule] = policy.spec.rules;
  const root = { request: { object: pod, namespace: pod.metadata.namespace } };
  for (const { name, apiCall, variable } of rule.context) {
    if (apiCall && substitute(apiCall.urlPath, root) !== `/api/v1/namespaces/${namespace.metadata.name}`) throw new Error(apiCall.urlPath);
    // Braces in an expression would be replaced before it is evaluated.
    const expression = substitute((apiCall ?? variable).jmesPath, root);
    const value = evaluate(expression, apiCall ? namespace : root);
    if (value === null || value === undefined) throw new Error(`${name} is null: ${expression}`);
    root[name] = value;
  }
  const holds = rule.preconditions.all.every(({ key, operator, value }) => operator === "Equals" && substitute(key, root) === value);
  if (!holds) return pod;
  const patched = structuredClone(pod);
  patched.metadata.annotations ??= {};
  for (const [key, value] of Object.entries(rule.mutate.patchStrategicMerge.metadata.annotations))
    patched.metadata.annotations[key] = substitute(value, root);
  return patched;
}
