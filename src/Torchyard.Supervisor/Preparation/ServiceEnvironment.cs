namespace Torchyard.Supervisor.Preparation;

/// <summary>The environment that a service or command gets.</summary>
internal static class ServiceEnvironment
{
    /// <summary>Variables for the supervisor alone.</summary>
    private static readonly string[] Private = ["TORCHYARD_AUTHORIZED_KEYS", "TORCHYARD_JUPYTER_TOKEN_FILE", "JUPYTER_TOKEN"];

    public static List<string> Lines(IEnumerable<KeyValuePair<string, string>> variables) =>
        [.. variables.Select(pair => pair.Key + "=" + pair.Value)];

    /// <summary>The supervisor's own environment, without what is private, and with the members that programs expect of a login.</summary>
    public static Dictionary<string, string> For(IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string>(own, StringComparer.Ordinal);
        foreach (var name in Private)
        {
            environment.Remove(name);
        }

        environment.TryAdd("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        return environment;
    }

    /// <summary>Fills in <c>${name}</c>; what is not known stays.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values)
    {
        foreach (var (name, value) in values)
        {
            text = text.Replace("${" + name + "}", value, StringComparison.Ordinal);
        }

        return text;
    }
}
