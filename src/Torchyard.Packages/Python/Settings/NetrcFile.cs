namespace Torchyard.Packages.Python.Settings;

/// <summary>A user and a password for a host.</summary>
/// <param name="User">User name.</param>
/// <param name="Password">Password or token; never printed.</param>
public sealed record HostCredential(string User, string Password)
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
        string? host = null;
        string? user = null;
        string? password = null;
        void Keep()
        {
            if (host is not null && password is not null)
            {
                result.TryAdd(host, new HostCredential(user ?? "", password));
            }

            (host, user, password) = (null, null, null);
        }

        while (tokens.MoveNext())
        {
            switch (tokens.Current)
            {
                case "machine":
                    Keep();
                    host = tokens.MoveNext() ? tokens.Current : null;
                    break;
                case "default":
                    Keep();
                    host = "";
                    break;
                case "login":
                    user = tokens.MoveNext() ? tokens.Current : null;
                    break;
                case "password":
                    password = tokens.MoveNext() ? tokens.Current : null;
                    break;
                case "account":
                    tokens.MoveNext();
                    break;
            }
        }

        Keep();
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
}
