namespace Torchyard.Containers.Gpus;

/// <summary>Whether other users of the machine see what an environment is called.</summary>
public static class ClaimNames
{
    /// <summary>Variable with which a user keeps the names of environments private: <c>1</c>.</summary>
    public const string Private = "TORCHYARD_PRIVATE_NAMES";

    /// <summary>The name that others see; null for none.</summary>
    /// <param name="name">Name of the environment.</param>
    /// <param name="variable">Looks up a variable of the user.</param>
    public static string? Shown(string name, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return variable(Private) is null or "" or "0" ? name : null;
    }
}
