namespace Torchyard.Packages.Python.Settings;

/// <summary>A user and a password for a host.</summary>
/// <param name="User">User name.</param>
/// <param name="Password">Password or token; never printed.</param>
internal sealed record HostCredential(string User, string Password)
{
    /// <summary>The user only, so that no log shows the password.</summary>
    public override string ToString() => $"{User}:***";
}

/// <summary>netrc(5): <c>machine HOST login USER password PASSWORD</c>, and <c>default</c>; macros are skipped.</summary>
internal static class NetrcFile
{
    /// <summary>Host to credential; the key <c>""</c> is <c>default</c>.</summary>
    public static IReadOnlyDictionary<string, HostCredential> Parse(string text)
    {
        var result = new Dictionary<string, HostCredential>(StringComparer.OrdinalIgnoreCase);
        var tokens = Tokens(text).GetEnumerator();
        var entry = new Entry();
        while (tokens.MoveNext())
        {
            switch (tokens.Current)
            {
                case "machine":
                    entry.Keep(result);
                    entry = new Entry { Host = tokens.MoveNext() ? tokens.Current : null };
                    break;
                case "default":
                    entry.Keep(result);
                    entry = new Entry { Host = "" };
                    break;
                case "login":
                    entry.User = tokens.MoveNext() ? tokens.Current : null;
                    break;
                case "password":
                    entry.Password = tokens.MoveNext() ? tokens.Current : null;
                    break;
                case "account":
                    tokens.MoveNext();
                    break;
            }
        }

        entry.Keep(result);
        return result;
    }

    private static IEnumerable<string> Tokens(string text)
    {
        var inMacro = false;
        foreach (var line in text.Split('\n'))
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                inMacro = false;
                continue;
            }

            if (inMacro)
            {
                continue;
            }

            foreach (var token in line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (token.StartsWith('#'))
                {
                    break;
                }

                if (token == "macdef")
                {
                    inMacro = true;
                    break;
                }

                yield return token is ['"', .., '"'] && token.Length > 1 ? token[1..^1] : token;
            }
        }
    }

    /// <summary>What follows a <c>machine</c> or <c>default</c>.</summary>
    private sealed class Entry
    {
        public string? Host { get; init; }

        public string? User { get; set; }

        public string? Password { get; set; }

        public void Keep(Dictionary<string, HostCredential> result)
        {
            if (Host is not null && Password is not null)
            {
                result.TryAdd(Host, new HostCredential(User ?? "", Password));
            }
        }
    }
}
