namespace Torchyard.Recipes.Locks;

/// <summary>Codes of locks that cannot be used, for those who make a new one out of what can be read.</summary>
public static class LockCodes
{
    /// <summary>Not the form of a lock.</summary>
    public const string Damaged = "TY1021";

    /// <summary>A format that this program does not know.</summary>
    public const string OtherFormat = "TY1022";

    /// <summary>Changed after it was written.</summary>
    public const string Edited = "TY1024";
}
