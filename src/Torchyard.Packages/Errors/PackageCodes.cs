namespace Torchyard.Packages.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class PackageCodes
{
    /// <summary>A file that no source gives.</summary>
    public const string NotFetched = "TY2050";

    /// <summary>A wheel that is damaged or hostile.</summary>
    public const string BadWheel = "TY2501";

    /// <summary>A wheel that asks for something that is not allowed.</summary>
    public const string RefusedWheel = "TY2502";

    /// <summary>A project or file that no index has.</summary>
    public const string NotOnIndex = "TY2507";

    /// <summary>Requirements that pip cannot satisfy together.</summary>
    public const string NoSolution = "TY2509";

    /// <summary>A requirement that is wrong.</summary>
    public const string WrongRequirement = "TY2512";

    /// <summary>A distribution without a wheel that fits, and without a source that may be built.</summary>
    public const string NoWheelFits = "TY2513";

    /// <summary>A requirement that pip takes and Torchyard does not.</summary>
    public const string RefusedRequirement = "TY2530";
}
