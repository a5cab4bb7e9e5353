// Records velocity.json: for each line {"template", "body", "params", "stageVariables", "context"} of standard input the
// output of Apache Velocity, set up as API Gateway's recordings show it (see docs/vtl.md): 1.7, nothing instead of null,
// 1000 rounds of a loop. Not part of the tests: it needs a Java with these on its class path:
// velocity 1.7, commons-collections 3.2.1, commons-lang 2.4, commons-lang3 3.14, json-path 2.9.0, json-smart 2.5.0, slf4j-nop.
import com.jayway.jsonpath.JsonPath;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import net.minidev.json.*;
import org.apache.commons.lang3.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.InvalidReferenceEventHandler;
import org.apache.velocity.context.Context;
import org.apache.velocity.util.introspection.Info;

public class Velocity {
  public static class Quiet implements InvalidReferenceEventHandler {
    public Object invalidGetMethod(Context c, String reference, Object o, String property, Info i) { return ""; }
    public boolean invalidSetMethod(Context c, String left, String right, Info i) { return false; }
    public Object invalidMethod(Context c, String reference, Object o, String method, Info i) { return ""; }
  }

  public static class Input {
    final String body;
    final Map<String, Object> params;
    Input(String body, Map<String, Object> params) { this.body = body; this.params = params; }
    public String getBody() { return body.isEmpty() ? "{}" : body; }
    public Object path(String path) { try { return JsonPath.read(body, path); } catch (Exception none) { return null; } }
    public String json(String path) {
      Object found = path(path);
      return found == null ? "\"\"" : JSONValue.toJSONString(found, JSONStyle.LT_COMPRESS);
    }
    public Map<String, Object> params() { return params; }
    public Object params(String name) {
      for (String kind : new String[] {"path", "querystring", "header"}) {
        Object value = ((Map<?, ?>) params.get(kind)).get(name);
        if (value != null) return value;
      }
      return "";
    }
  }

  public static class Util {
    public String escapeJavaScript(Object text) { return StringEscapeUtils.escapeEcmaScript(String.valueOf(text)); }
    public Object parseJson(String text) { return JsonPath.read(text, "$"); }
    public String urlEncode(String text) throws Exception { return java.net.URLEncoder.encode(text, "UTF-8"); }
    public String urlDecode(String text) throws Exception { return java.net.URLDecoder.decode(text, "UTF-8"); }
    public String base64Encode(String text) {
      return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
    public String base64Decode(String text) {
      return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    for (String line; (line = in.readLine()) != null; ) {
      Map<String, Object> call = JsonPath.read(line, "$");
      JSONObject result = new JSONObject();
      try {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("eventhandler.invalidreferences.class", Quiet.class.getName());
        engine.setProperty("directive.foreach.maxloops", 1000);
        engine.init();
        VelocityContext context = new VelocityContext() {
          @Override public Object internalGet(String name) {
            Object value = super.internalGet(name);
            return value == null ? "" : value;
          }
          @Override public boolean internalContainsKey(Object name) { return true; }
        };
        context.put("input", new Input((String) call.get("body"), (Map<String, Object>) call.get("params")));
        context.put("util", new Util());
        context.put("context", call.get("context"));
        context.put("stageVariables", call.get("stageVariables"));
        StringWriter writer = new StringWriter();
        engine.evaluate(context, writer, "template", (String) call.get("template"));
        result.put("out", writer.toString());
      } catch (Throwable broken) {
        result.put("error", String.valueOf(broken.getMessage()));
      }
      out.println(result.toJSONString());
    }
  }
}
