"""Decks for the tests, as engineers and their programs write them."""

BEAM = """*HEADING
two elements
** a comment, and a blank line:

*NODE, NSET=ALL
1, 0., 0., 0.
2, 0., 0., 1.
3, 0., 1., 0.
4, 0., 1., 1.
5, 1., 0., 0.
6, 1., 0., 1.
7, 1., 1., 0.
8, 1., 1., 1.
9, 2., 0., 0.
10, 2., 0., 1.
11, 2., 1., 0.
12, 2., 1., 1.
*ELEMENT, TYPE=C3D8, ELSET=E
1, 1, 5, 7, 3, 2, 6, 8, 4
2, 5, 9, 11, 7, 6, 10, 12, 8
*NSET, NSET=FIX
1, 2, 3, 4
*NSET, NSET=TIP, GENERATE
9, 12, 1
*MATERIAL, NAME=M
*ELASTIC
1000., 0.3
*DENSITY
2.5,
*SOLID SECTION, ELSET=E, MATERIAL=M
*BOUNDARY
FIX, 1, 3
*STEP
*STATIC
*CLOAD
TIP, 3, -1.
*NODE PRINT, NSET=TIP
U
*END STEP
"""

# Everything that a deck may say at once; CalculiX runs it.
FULL = (
    BEAM.split("*STEP")[0].replace(
        "12, 2., 1., 1.\n", "12, 2., 1., 1.\n99, 3., .5, .5\n"
    )
    + """*NSET, NSET=BOTH
FIX, TIP
5
*ELSET, ELSET=SECOND
2
*SURFACE, NAME=END
SECOND, S4
*SURFACE, NAME=OUTSIDE
E,
*SURFACE, NAME=POINTS, TYPE=NODE
TIP, 1.
*ORIENTATION, NAME=TURNED, SYSTEM=RECTANGULAR
0., 1., 0., -1., 0., 0.
3, 30.
*ORIENTATION, NAME=ROUND, SYSTEM=CYLINDRICAL
0., 0., 0., 0., 0., 1.
*MATERIAL, NAME=Laminate
*ELASTIC, TYPE=ENGINEERING CONSTANTS
1000., 500., 300., .3, .2, .1, 200., 150.,
100., 20.
2000., 500., 300., .3, .2, .1, 200., 150.,
100., 120.
*EXPANSION, TYPE=ORTHO, ZERO=20.
1e-5, 2e-5, 3e-5
*CONDUCTIVITY
5., 0.
6., 100.
*SPECIFIC HEAT
450.
*MATERIAL, NAME=Steel
*ELASTIC
210e9, .3
*PLASTIC
2e8, 0.
3e8, .1
*MATERIAL, NAME=Rubber
*HYPERELASTIC, NEO HOOKE
0.5D6, 1.d-7
*AMPLITUDE, NAME=A, TIME=TOTAL TIME
0., 0., 1., 1., 2., 1.5, 3., 2.
4., 4.
*AMPLITUDE, NAME=B
0., 1., 1., 1.
*EQUATION
2
7, 3, 1., 8, 3, -1.
*COUPLING, CONSTRAINT NAME=C, REF NODE=99, SURFACE=END
*KINEMATIC
1, 3
*INITIAL CONDITIONS, TYPE=TEMPERATURE
ALL, 20.
*STEP, NLGEOM, INC=50
*STATIC
0.5, 1., 1e-5, 0.5
*BOUNDARY, AMPLITUDE=A
6, 2, 2, .001
*CLOAD
99, 3, -.1
*CLOAD, AMPLITUDE=A
99, 1, .1
99, 5, .02
*DLOAD
E, GRAV, 9.81, 0., 0., -1.
2, P6, .5
E, CENTRIF, 4., 0., 0., 0., 0., 0., 1.
1, BX, .1
*DSLOAD
END, P, .2
*TEMPERATURE, AMPLITUDE=B
ALL, 30.
*END STEP
*STEP, PERTURBATION
*FREQUENCY
3, , 1e5
*END STEP
"""
)
_PART, _REST = BEAM.split("*MATERIAL")
_PART = _PART.split("\n\n")[1]
CAE = f"""*Heading
** Job name: Job-1 Model name: Model-1
*Preprint, echo=NO, model=NO, history=NO, contact=NO
**
** PARTS
**
*Part, name=Beam
{_PART.title()}*Orientation, name=Ori-1
          1.,           0.,           0.,           0.,           1.,           0.
3, 0.
*Solid Section, elset=E, orientation=Ori-1, material=Steel
,
*End Part
**
*Assembly, name=Assembly
**
*Instance, name=Beam-1, part=Beam
*End Instance
**
*Instance, name=Beam-2, part=Beam
          0.,           0.,           5.
          0.,           0.,           5.,           0.,           0.,   6.,   90.
*End Instance
**
*Node
      1,           3.,          0.5,          0.5
*Nset, nset=Point
 1,
*Nset, nset=Set-1, instance=Beam-1
  1,  2,  3,  4
*Nset, nset=Set-1, instance=Beam-2
 Fix,
*Nset, nset=Ends, instance=Beam-2, generate
 9, 12, 1
*Elset, elset=_End_S4, internal, instance=Beam-1
 2,
*Surface, type=ELEMENT, name=End
_End_S4, S4
*Surface, type=NODE, name=Ends_CNS_, internal
Ends, 1.
** Constraint: Constraint-1
*Coupling, constraint name=Constraint-1, ref node=Point, surface=End
*Kinematic
*End Assembly
**
** MATERIALS
**
*Material, name=Steel
*Density
7850.,
*Elastic
 2.1e+11, 0.3
**
*Boundary
Set-1, ENCASTRE
Beam-2.Tip, YSYMM
** ----------------------------------------------------------------
*Step, name="Step 1", nlgeom=NO
a title that Abaqus prints
*Static
1., 1., 1e-05, 1.
*Cload
Point, 2, -100.
Beam-2.9, 1, 5.
*Dload
, GRAV, 9.81, 0., -1.
*Restart, write, frequency=0
*Output, field, variable=PRESELECT
*Element Output, directions=YES
S,
*End Step
"""

HEAT = (
    BEAM.split("*STEP")[0]
    .replace("*DENSITY", "*CONDUCTIVITY\n5.\n*SPECIFIC HEAT\n450.\n*DENSITY")
    .replace("FIX, 1, 3", "FIX, 11, 11, 300.")
    + """*INITIAL CONDITIONS, TYPE=TEMPERATURE
ALL, 300.
*STEP
*HEAT TRANSFER, STEADY STATE
*CFLUX
TIP, 11, 2.
*DFLUX
2, S4, 10.
E, BF, 1.
*FILM
E, F3, 290., 5.
*END STEP
*STEP
*HEAT TRANSFER, DIRECT
.1, .2
*CFLUX, OP=NEW
*END STEP
"""
)

PLATE = """*NODE
1, 0, 0
2, 1, 0
3, 1, 1
4, 0, 1
5, 2, 0
6, 2, 1
*ELEMENT, TYPE=CPS4, ELSET=A
7, 1, 2, 3, 4
*ELEMENT, TYPE=CPS4, ELSET=B
8, 2, 5, 6, 3
*MATERIAL, NAME=M
*ELASTIC
1e3, .3
*SOLID SECTION, ELSET=A, MATERIAL=M
*SOLID SECTION, ELSET=B, MATERIAL=M
1.
*STEP
*STATIC
*BOUNDARY
1, ENCASTRE
4, 1
*DLOAD
B, BX, 3.
*END STEP
"""
