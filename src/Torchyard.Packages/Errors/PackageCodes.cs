namespace Torchyard.Packages.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class PackageCodes
{
    /// <summary>A text that is not made of control fields.</summary>
    public const string NotControl = "TY2002";

    /// <summary>A field of dependencies that breaks their syntax.</summary>
    public const string NotDependency = "TY2003";

    /// <summary>A version of a package that no archive has.</summary>
    public const string UnknownVersion = "TY2041";

    /// <summary>Packages that do not fit together.</summary>
    public const string NothingFits = "TY2042";

    /// <summary>Packages that do not fit to those of the image that is built on.</summary>
    public const string NotUponBase = "TY2043";

    /// <summary>A keyring that cannot be read.</summary>
    public const string UnusableKeyring = "TY2029";

    /// <summary>A package file of the project that is not one.</summary>
    public const string UnusableFile = "TY2071";

    /// <summary>A package file of the project for other machines.</summary>
    public const string OtherArchitecture = "TY2074";

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
