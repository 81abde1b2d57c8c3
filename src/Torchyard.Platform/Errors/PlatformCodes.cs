namespace Torchyard.Platform.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class PlatformCodes
{
    /// <summary>A key that a TOML file gives twice.</summary>
    public const string KeyTwice = "TY1003";

    /// <summary>A helper program that others may change.</summary>
    public const string ProgramNotTrusted = "TY9020";

    /// <summary>A helper program that is not on this machine.</summary>
    public const string ProgramMissing = "TY9021";

    /// <summary>A FIFO, a device, a socket or a directory in the place of a regular file.</summary>
    public const string NotRegular = "TY9023";

    /// <summary>A file that is larger than any in its place.</summary>
    public const string TooLarge = "TY9024";

    /// <summary>A link that leads out of a directory.</summary>
    public const string LinkOut = "TY9025";

    /// <summary>A program that had not ended in its time.</summary>
    public const string TookTooLong = "TY9027";

    /// <summary>A program that printed more than any right one does.</summary>
    public const string PrintedTooMuch = "TY9028";
}
