namespace Torchyard.Containers.Gpus;

/// <summary>Whether other users of the machine see what an environment is called.</summary>
public static class ClaimNames
{
    /// <summary>Variable with which a user keeps the names of environments private: <c>1</c>.</summary>
    public const string Private = "TORCHYARD_PRIVATE_NAMES";

    private const int Longest = 128;

    /// <summary>The name that others see; null for none.</summary>
    /// <param name="name">Name of the environment.</param>
    /// <param name="variable">Looks up a variable of the user.</param>
    public static string? Shown(string name, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(name);
        // The name of an image may stand for that of a container that has none yet.
        var plain = new string([.. name.Take(Longest).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-')]);
        return variable(Private) is (null or "" or "0") && plain.Length > 0 && char.IsAsciiLetterOrDigit(plain[0]) ? plain : null;
    }
}
