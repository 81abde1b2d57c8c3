namespace Torchyard.Images.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class ImageCodes
{
    /// <summary>An archive that is damaged.</summary>
    public const string BadArchive = "TY3001";

    /// <summary>A name in an archive that leads out of its place.</summary>
    public const string UnsafeName = "TY3002";

    /// <summary>An archive that unpacks to far more than its package says.</summary>
    public const string UnpacksTooLarge = "TY3003";

    /// <summary>A full file system.</summary>
    public const string DiskFull = "TY3005";

    /// <summary>A blob whose content is not what its digest says.</summary>
    public const string DamagedBlob = "TY3008";

    /// <summary>A blob that is not there.</summary>
    public const string MissingBlob = "TY3009";

    /// <summary>An image that the store does not have.</summary>
    public const string NoSuchImage = "TY3010";

    /// <summary>A document of the store that cannot be read.</summary>
    public const string BadDocument = "TY3011";

    /// <summary>True for the failures of images and of the store, whoever finds them.</summary>
    public static bool IsOne(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.StartsWith("TY3", StringComparison.Ordinal);
    }
}
