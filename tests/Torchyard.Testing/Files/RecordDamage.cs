using System.Text.Json.Nodes;

namespace Torchyard.Testing.Files;

/// <summary>What crashes, disks and hands do to a record, at random.</summary>
public static class RecordDamage
{
    private static readonly string[] Kinds =
    [
        "cut",
        "flip",
        "zeros",
        "empty",
        "garbage",
        "object",
        "list",
        "null",
        "number",
        "drop member",
        "null member",
        "member of another type",
        "huge number",
        "deep",
        "twice",
        "null in a list",
        "large",
        "directory",
        "fifo",
        "link to nothing",
        "link to a device",
        "gone",
    ];

    /// <summary>Damages a file.</summary>
    /// <returns>How, for the message of a test that fails.</returns>
    public static string Apply(string path, Random random)
    {
        var kind = Kinds[random.Next(Kinds.Length)];
        var content = File.ReadAllBytes(path);
        File.Delete(path);
        switch (kind)
        {
            case "cut":
                File.WriteAllBytes(path, content[..random.Next(content.Length)]);
                break;
            case "flip":
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, content);
                break;
            case "zeros":
                File.WriteAllBytes(path, new byte[content.Length]);
                break;
            case "garbage":
                random.NextBytes(content);
                File.WriteAllBytes(path, content);
                break;
            case "empty" or "object" or "list" or "null" or "number":
                File.WriteAllText(
                    path,
                    kind switch
                    {
                        "object" => "{}",
                        "list" => "[]",
                        "null" => "null",
                        "number" => "7",
                        _ => "",
                    }
                );
                break;
            case "deep":
                File.WriteAllText(path, new string('[', 100_000));
                break;
            case "large":
                using (var file = File.Create(path))
                {
                    file.SetLength(40L << 20);
                }

                break;
            case "directory":
                Directory.CreateDirectory(Path.Combine(path, "inside"));
                break;
            case "fifo":
                Fifo.Make(path);
                break;
            case "link to nothing":
                File.CreateSymbolicLink(path, path + ".nothing");
                break;
            case "link to a device":
                File.CreateSymbolicLink(path, "/dev/zero");
                break;
            case "gone":
                break;
            default:
                File.WriteAllText(path, DamageMember(content, kind, random));
                break;
        }

        return $"{kind} of {path}";
    }

    private static string DamageMember(byte[] content, string kind, Random random)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(content);
        }
        catch (System.Text.Json.JsonException)
        {
            return "";
        }

        var objects = Objects(root).Where(found => found.Count > 0).ToList();
        if (objects.Count == 0)
        {
            return "{}";
        }

        var target = objects[random.Next(objects.Count)];
        var name = target.Select(member => member.Key).ElementAt(random.Next(target.Count));
        switch (kind)
        {
            case "drop member":
                target.Remove(name);
                break;
            case "null member":
                target[name] = null;
                break;
            case "huge number":
                target[name] = JsonNode.Parse(random.Next(2) == 0 ? "9223372036854775807" : "1e308");
                break;
            case "null in a list":
                target[name] = new JsonArray((JsonNode?)null);
                break;
            case "twice":
                var text = root!.ToJsonString();
                return text.Replace($"\"{name}\":", $"\"{name}\":1,\"{name}\":", StringComparison.Ordinal);
            default:
                target[name] = random.Next(3) switch
                {
                    0 => new JsonObject(),
                    1 => new JsonArray(),
                    _ => JsonValue.Create(true),
                };
                break;
        }

        return root!.ToJsonString();
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) =>
        node switch
        {
            JsonObject found => found.Select(member => member.Value).SelectMany(Objects).Prepend(found),
            JsonArray list => list.SelectMany(Objects),
            _ => [],
        };
}
