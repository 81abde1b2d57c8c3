namespace Torchyard.Registry.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class RegistryCodes
{
    /// <summary>A registry that asks for a login, or for another one.</summary>
    public const string Denied = "TY6003";

    /// <summary>A registry that has no such image.</summary>
    public const string NotFound = "TY6004";

    /// <summary>A registry that cannot be reached.</summary>
    public const string Unreachable = "TY6002";

    /// <summary>Too many requests.</summary>
    public const string TooOften = "TY6005";

    /// <summary>A registry that does not manage it.</summary>
    public const string Failed = "TY6006";

    /// <summary>Bytes that are not those of their digest.</summary>
    public const string WrongContent = "TY6008";

    /// <summary>True for the failures of registries, and of what was fetched from them.</summary>
    public static bool IsOne(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.StartsWith("TY60", StringComparison.Ordinal);
    }
}
