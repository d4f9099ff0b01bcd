# ruff: noqa: RUF001  (pronunciations)
"""First sentences of Wikipedia articles of many kinds, written down from memory, and the kinds that they say.

WORKED: what the reading of definitions was made with. JUDGED: what it was tried on once it was finished. A row is the
article's title, its first sentence, and the heads of the kinds that it names, in order.
"""

from __future__ import annotations

WORKED = [
    (
        "BMW",
        "Bayerische Motoren Werke AG, trading as BMW Group (commonly abbreviated to BMW (German pronunciation: "
        "[ˌbeːʔɛmˈveː]), sometimes anglicised as Bavarian Motor Works), is a German multinational manufacturer of "
        "vehicles and motorcycles headquartered in Munich, Bavaria, Germany.",
        "manufacturer",
    ),
    (
        "Marie Curie",
        "Maria Salomea Skłodowska-Curie (Polish: [ˈmarja salɔˈmɛa skwɔˈdɔfska kʲiˈri]; née Skłodowska; 7 November "
        "1867 – 4 July 1934), known simply as Marie Curie, was a Polish and naturalised-French physicist and chemist "
        "who conducted pioneering research on radioactivity.",
        "physicist, chemist",
    ),
    (
        "Arnold Schwarzenegger",
        "Arnold Alois Schwarzenegger (born July 30, 1947) is an Austrian and American actor, businessman, former "
        "politician, and former professional bodybuilder, known for his roles in high-profile action films.",
        "actor, businessman, politician, bodybuilder",
    ),
    ("Paris", "Paris is the capital and largest city of France.", "capital, city"),
    (
        "Kraftwerk",
        'Kraftwerk (German pronunciation: [ˈkʁaftvɛʁk], lit. "power plant") is a German electronic band formed in '
        "Düsseldorf in 1970 by Ralf Hütter and Florian Schneider.",
        "band",
    ),
    (
        "Hamlet",
        "The Tragedy of Hamlet, Prince of Denmark, often shortened to Hamlet (/ˈhæmlɪt/), is a tragedy written by "
        "William Shakespeare sometime between 1599 and 1601.",
        "tragedy",
    ),
    ("Mercury (planet)", "Mercury is the first planet from the Sun and the smallest in the Solar System.", "planet"),
    (
        "Titanic (1997 film)",
        "Titanic is a 1997 American epic romantic disaster film written and directed by James Cameron.",
        "film",
    ),
    (
        "Real Madrid CF",
        "Real Madrid Club de Fútbol (Spanish pronunciation: [reˈal maˈðɾið ˈkluβ ðe ˈfuðβol]), commonly known as Real "
        "Madrid, is a Spanish professional football club based in Madrid.",
        "club",
    ),
    (
        "The Beatles",
        "The Beatles were an English rock band formed in Liverpool in 1960.",
        "band",
    ),
    (
        "Deutsche Bank",
        "Deutsche Bank AG (German pronunciation: [ˈdɔʏtʃə ˈbaŋk ʔaːˈɡeː]) is a German multinational investment bank "
        "and financial services company headquartered in Frankfurt, Germany.",
        "bank, company",
    ),
    (
        "Mount Everest",
        "Mount Everest (known locally as Sagarmatha in Nepal and Qomolangma in Tibet) is Earth's highest mountain "
        "above sea level.",
        "mountain",
    ),
    (
        "Python (programming language)",
        "Python is a high-level, general-purpose programming language.",
        "language",
    ),
    (
        "Danube",
        "The Danube (/ˈdænjuːb/ DAN-yoob; see also other names) is the second-longest river in Europe, after the Volga "
        "in Russia.",
        "river",
    ),
    (
        "Lion",
        "The lion (Panthera leo) is a large cat of the genus Panthera, native to Sub-Saharan Africa and India.",
        "cat",
    ),
    (
        "Malaria",
        "Malaria is a mosquito-borne infectious disease that affects vertebrates and Anopheles mosquitoes.",
        "disease",
    ),
    (
        "French Revolution",
        "The French Revolution was a period of political and societal change in France that began with the Estates "
        "General of 1789 and ended with the Coup of 18 Brumaire on 9 November 1799.",
        "period",
    ),
    (
        "PostgreSQL",
        "PostgreSQL (/ˌpoʊstɡrɛskjuˈɛl/), also known as Postgres, is a free and open-source relational database "
        "management system (RDBMS) emphasizing extensibility and SQL compliance.",
        "system",
    ),
    (
        "William Shakespeare",
        "William Shakespeare (c. 23 April 1564 – 23 April 1616) was an English playwright, poet and actor.",
        "playwright, poet, actor",
    ),
    (
        "Louvre",
        "The Louvre (English: /ˈluːvrə/ LOOV-rə), or the Louvre Museum (French: Musée du Louvre), is a national art "
        "museum in Paris, France, and one of the most famous museums in the world.",
        "museum",
    ),
]

JUDGED = [
    (
        "Albert Einstein",
        "Albert Einstein (14 March 1879 – 18 April 1955) was a German-born theoretical physicist who is best known for "
        "developing the theory of relativity.",
        "physicist",
    ),
    (
        "Leonardo da Vinci",
        "Leonardo di ser Piero da Vinci (15 April 1452 – 2 May 1519) was an Italian polymath of the High Renaissance "
        "who was active as a painter, draughtsman, engineer, scientist, theorist, sculptor, and architect.",
        "polymath",
    ),
    (
        "Angela Merkel",
        "Angela Dorothea Merkel (German: [aŋˈɡeːla doʁoˈteːa ˈmɛʁkl̩]; née Kasner; born 17 July 1954) is a German "
        "retired politician and scientist who served as Chancellor of Germany from 2005 to 2021.",
        "politician, scientist",
    ),
    (
        "Serena Williams",
        "Serena Jameka Williams (born September 26, 1981) is an American former professional tennis player.",
        "player",
    ),
    (
        "Apple Inc.",
        "Apple Inc. is an American multinational technology company headquartered in Cupertino, California, in Silicon "
        "Valley.",
        "company",
    ),
    (
        "Siemens",
        "Siemens AG (German pronunciation: [ˈziːməns] or [-mɛns]) is a German multinational technology conglomerate.",
        "conglomerate",
    ),
    (
        "Tokyo",
        "Tokyo, officially the Tokyo Metropolis, is the capital and most populous city in Japan.",
        "capital, city",
    ),
    (
        "Sweden",
        "Sweden, formally the Kingdom of Sweden, is a Nordic country located on the Scandinavian Peninsula in Northern "
        "Europe.",
        "country",
    ),
    (
        "Amazon River",
        "The Amazon River (UK: /ˈæməzən/, US: /ˈæməzɒn/; Spanish: Río Amazonas, Portuguese: Rio Amazonas) in South "
        "America is the largest river by discharge volume of water in the world, and the longest or second-longest "
        "river system in the world.",
        "river",
    ),
    (
        "Eiffel Tower",
        "The Eiffel Tower (/ˈaɪfəl/ EYE-fəl; French: Tour Eiffel) is a wrought-iron lattice tower on the Champ de Mars "
        "in Paris, France.",
        "tower",
    ),
    (
        "No Country for Old Men",
        "No Country for Old Men is a 2007 American neo-Western crime thriller film written, directed, produced and "
        "edited by Joel and Ethan Coen, based on Cormac McCarthy's 2005 novel.",
        "film",
    ),
    (
        "Harry Potter",
        "Harry Potter is a series of seven fantasy novels written by British author J. K. Rowling.",
        "novel",
    ),
    (
        "Abbey Road",
        "Abbey Road is the eleventh studio album by the English rock band the Beatles, released on 26 September 1969, "
        "by Apple Records.",
        "album",
    ),
    ("Nirvana (band)", "Nirvana was an American rock band formed in Aberdeen, Washington, in 1987.", "band"),
    (
        "FC Bayern Munich",
        "Fußball-Club Bayern München e. V. (FCB, pronounced [ˈfuːsbalˌklʊp ˈbaɪɐn ˈmʏnçn̩]), commonly known as Bayern "
        "Munich (German: Bayern München), FC Bayern, or simply Bayern, is a German professional sports club based in "
        "Munich, Bavaria.",
        "club",
    ),
    (
        "Linux",
        "Linux (/ˈlɪnʊks/ LIN-uuks) is a family of open-source Unix-like operating systems based on the Linux kernel, "
        "an operating system kernel first released on September 17, 1991, by Linus Torvalds.",
        "system",
    ),
    (
        "Diabetes",
        "Diabetes mellitus, commonly known as diabetes, is a group of common endocrine diseases characterized by "
        "sustained high blood sugar levels.",
        "disease",
    ),
    (
        "Giant panda",
        "The giant panda (Ailuropoda melanoleuca), also known as the panda bear or simply panda, is a bear species "
        "endemic to China.",
        "species",
    ),
    (
        "World War II",
        "World War II, or the Second World War (1 September 1939 – 2 September 1945), was a global conflict between "
        "two coalitions: the Allies and the Axis powers.",
        "conflict",
    ),
    (
        "Oxygen",
        "Oxygen is a chemical element; it has symbol O and atomic number 8.",
        "element",
    ),
]
