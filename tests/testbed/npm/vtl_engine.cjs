// npm's apigw-vtl-emulator: a JSON object a line in, its output a line out, like ../aws/vtl_engine.py. `bed vtl-npm` starts
// it with the folder of its node_modules.
//
// Two things about the package as it is published (1.3.1) are mended here, and nothing else: its modules import each other
// without the ends of their names, so that Node loads none of them; and the Velocity below it, `velocits`, is not
// everywhere to be had, so that velocityjs, the Velocity that most of npm uses, does the work (`overrides` of package.json).
const Module = require("module");
const path = require("path");
const readline = require("readline");

const modules = path.join(process.argv[2], "node_modules");
const emulator = path.join(modules, "apigw-vtl-emulator/dist");
const load = Module._load;
Module._load = function (name, parent, ...rest) {
  if (name === "velocits") {
    const velocity = load.call(this, path.join(modules, "velocits"), parent, ...rest);
    const { render } = velocity.default ?? velocity;
    return { VelocityEngine: class { render(template, context) { return render(template, context); } } };
  }
  if (name.startsWith(".") && parent?.filename?.startsWith(emulator)) {
    name = path.join(path.dirname(parent.filename), name.replace(/\.js$/, "")) + ".cjs";
  }
  return load.call(this, name, parent, ...rest);
};
const { VTLProcessor } = require(path.join(emulator, "engine/VTLProcessor.cjs"));

function run(call) {
  const params = { path: call.path, querystring: call.query, header: call.headers };
  const context = { ...call.context, params, stageVariables: call.stageVariables };
  const text = new VTLProcessor().process(call.template, call.body, JSON.stringify(context));
  return text.startsWith("Error processing template") ? { error: text.slice(0, 300) } : { text };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    answer = run(JSON.parse(line));
  } catch (broken) {
    answer = { error: String(broken).slice(0, 300) };
  }
  console.log(JSON.stringify(answer));
});
